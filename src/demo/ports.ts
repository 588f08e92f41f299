import { createServer } from 'node:net';
import { AppError } from '../errors.js';

/** Of 127.0.0.1, free a moment ago. */
export async function freePort(): Promise<number> {
  const port = await listenOnce(0, '127.0.0.1');
  if (port === null) throw new AppError('internal', 'No free port on 127.0.0.1');
  return port;
}

/** Listens for a moment; answers the port, or null when it cannot be had. */
export function listenOnce(port: number, host: string): Promise<number | null> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(null));
    server.listen(port, host, () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => answer(taken));
    });
  });
}
