import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

/** One request on a connection of its own, and every byte that came back. */
export interface RawExchange {
  socket: Socket;
  /** Head and body so far; the body as it is on the wire, chunk sizes included. */
  head(): string;
  body(): Buffer;
  status(): number;
  /** How many bytes came so far, whether they are kept or not. */
  bytes(): number;
  /** Resolves when at least so many bytes have come. */
  arrived(bytes: number): Promise<void>;
  /** `ended` by a FIN, `reset` by an RST. */
  readonly over: Promise<'ended' | 'reset'>;
}

export interface RawRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Of the answer; more is counted and thrown away. */
  keepBytes?: number;
}

/**
 * A client that judges nothing: what a server really sent, and how it ended it. The
 * connection is closed with the test.
 */
export function rawRequest(
  t: Pick<ExecutionContext, 'teardown'>,
  url: string,
  { method = 'GET', headers = {}, body = '', keepBytes = 8 * 1024 * 1024 }: RawRequest = {},
): RawExchange {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  t.teardown(() => socket.destroy());
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    'host: simulator',
    'connection: close',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);

  const chunks: Buffer[] = [];
  let kept = 0;
  let total = 0;
  socket.on('data', (chunk) => {
    total += chunk.length;
    if (kept < keepBytes) chunks.push(chunk);
    kept += chunk.length;
  });
  const over = new Promise<'ended' | 'reset'>((resolve, reject) => {
    socket.once('end', () => resolve('ended'));
    socket.once('close', () => resolve('ended'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') resolve('reset');
      else reject(error);
    });
  });
  const parts = () => {
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    return end === -1
      ? { head: '', body: all }
      : { head: all.subarray(0, end).toString('latin1'), body: all.subarray(end + 4) };
  };
  return {
    socket,
    head: () => parts().head,
    body: () => parts().body,
    status: () => Number(/^HTTP\/1\.1 (\d{3})/.exec(parts().head)?.[1] ?? 0),
    bytes: () => total,
    arrived: async (bytes) => {
      while (total < bytes) await once(socket, 'data');
    },
    over,
  };
}

/** The value of a header of a raw head; null when it is not there. */
export function headerOf(head: string, name: string): string | null {
  return new RegExp(`^${name}: (.*?)\\r?$`, 'im').exec(head)?.[1] ?? null;
}
