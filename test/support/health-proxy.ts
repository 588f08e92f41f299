import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthProxy {
  url: string;
  /** When it was asked. */
  asked(): number[];
  /** What it says instead of what it fetches, by the number of the question; null: the truth. */
  lie(about: ((question: number) => object | null) | null): void;
}

/** Between the monitor and the real `/health`, on a port given beforehand. */
export async function healthProxy(
  t: { teardown(release: () => unknown): void },
  real: () => string,
): Promise<HealthProxy> {
  const asked: number[] = [];
  let lie: ((question: number) => object | null) | null = null;
  const server = createServer((_request, response) => {
    asked.push(Date.now());
    const told = lie?.(asked.length) ?? null;
    if (told !== null) {
      response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(told));
      return;
    }
    fetch(real())
      .then(async (answer) => response.writeHead(answer.status).end(await answer.text()))
      .catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`,
    asked: () => asked,
    lie(about) {
      lie = about;
    },
  };
}
