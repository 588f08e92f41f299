import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type AccountOptions, openAccount } from '../../src/store/cosmos/account/open-account.js';
import { silentLog } from './log.js';

/** 64 bytes, as Azure's are. */
export const KEY = Buffer.alloc(64, 7).toString('base64');

/** What a server of a few lines says instead of an account. */
export async function wire(
  t: ExecutionContext,
  listener: RequestListener,
  make: (listener: RequestListener) => Server = createServer,
): Promise<{ port: number; server: Server; sockets: Set<Socket>; stop(): Promise<void> }> {
  const server = make(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  };
  t.teardown(stop);
  return { port, server, sockets, stop };
}

/** An account over the real SDK, closed with the test. */
export function accountAt(
  t: ExecutionContext,
  endpoint: string | number,
  options: Partial<AccountOptions> = {},
): ReturnType<typeof openAccount> {
  const account = openAccount({
    endpoint: typeof endpoint === 'number' ? `http://127.0.0.1:${endpoint}` : endpoint,
    ...{ key: KEY, database: 'sentiment_analysis', clock: systemClock, log: silentLog },
    ...{ attemptMs: 400, patienceMs: 400, maxSockets: 16 },
    ...options,
  });
  t.teardown(() => account.close());
  return account;
}

/** Answers as an account does: JSON, with what it cost. */
export function answer(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): RequestListener {
  return (request, response) => {
    request.resume();
    response.writeHead(status, {
      ...{ 'content-type': 'application/json', 'x-ms-request-charge': '1.5' },
      ...headers,
    });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export function refusal(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): RequestListener {
  return answer(status, { code: String(status), message }, headers);
}

/** The body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
