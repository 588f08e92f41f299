import { createServer } from 'node:http';

/** A stand-in for the API under a real PM2: a health report on HEALTH_PORT, a clean end on SIGINT. */
const server = createServer((_request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ status: 'healthy', process: { pid: process.pid }, causes: [] }));
});
server.listen(Number(process.env.HEALTH_PORT), '127.0.0.1', () => process.send?.('ready'));
process.on('SIGINT', () => process.exit(0));
