import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface Received {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Answer = (response: ServerResponse, received: Received) => void;

export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(code, headers).end('so be it');

/** Holds the connection and says nothing. */
export const silence: Answer = () => undefined;

/** A real server that receives notices; `answer` may be replaced while it runs. */
export async function receiver(
  t: Pick<ExecutionContext, 'teardown'>,
  answer: Answer = status(200),
) {
  const received: Received[] = [];
  const self = { answer, received, url: '', ids: () => received.map(idOf) };
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    void read(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body };
      received.push(one);
      self.answer(response, one);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise<void>((done) => server.close(() => done()));
  });
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

const idOf = ({ headers }: Received): string => String(headers['idempotency-key']);

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
  return body;
}
