import { createServer } from 'node:http';

/** A server that hangs, for good, 200 ms after `GET /hang`; tests look for the line of `spin`. */
function spin(): void {
  for (;;) {
    Math.random();
  }
}

async function later(): Promise<void> {
  await new Promise((wake) => setTimeout(wake, 200));
  spin();
}

const server = createServer((request, response) => {
  if (request.url === '/hang') void later();
  response.end(String(process.pid));
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
});
