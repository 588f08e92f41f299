import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Notice } from '../../monitor/notify/notice.js';

/** How it answers: a status, never, or with a redirect to another path of itself. */
export type Manner = number | 'hangs' | { redirect: string };

export interface WebhookReceiver {
  url: string;
  /** What was answered with 2xx, in the order in which it came. */
  accepted(): Notice[];
  /** Everything that asked, accepted or not. */
  attempts(): { path: string; key: string; manner: Manner; notice: Notice }[];
  behave(manner: Manner): void;
}

/** A receiver of the monitor's notices on a free port. */
export async function webhookReceiver(t: {
  teardown(release: () => unknown): void;
}): Promise<WebhookReceiver> {
  let manner: Manner = 204;
  const attempts: ReturnType<WebhookReceiver['attempts']> = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on('end', () => {
      const key = String(request.headers['idempotency-key'] ?? '');
      attempts.push({ path: request.url ?? '', key, manner, notice: JSON.parse(text) as Notice });
      answer(response, manner);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const accepted = ({ manner: given }: { manner: Manner }) =>
    typeof given === 'number' && given >= 200 && given < 300;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    accepted: () => attempts.filter(accepted).map(({ notice }) => notice),
    attempts: () => attempts,
    behave(next) {
      manner = next;
    },
  };
}

function answer(response: ServerResponse, manner: Manner): void {
  if (manner === 'hangs') return;
  if (typeof manner === 'number') response.writeHead(manner).end();
  else response.writeHead(307, { location: manner.redirect }).end();
}
