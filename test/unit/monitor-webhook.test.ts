import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import type { Delivery, Message } from '../../monitor/notify/channel.js';
import { sentence } from '../../monitor/notify/sentence.js';
import { webhookChannel } from '../../monitor/notify/webhook.js';
import type { Notice } from '../../monitor/notify/notice.js';
import { systemClock } from '../../src/clock.js';
import { withDeadline } from '../../src/retry.js';
import { ManualClock } from '../support/clock.js';
import { notice } from '../support/notices.js';
import { receiver, silence, status } from '../support/receiver.js';

const message = (changes: Partial<Notice> = {}): Message => {
  const one = notice(changes);
  return { notice: one, text: sentence(one), late: false };
};

const clock = new ManualClock('2026-01-15T12:00:00.000Z');

function deliver(url: string, one = message(), format: 'json' | 'slack' = 'json') {
  const channel = webhookChannel({ url, format, clock });
  return channel.deliver(one, AbortSignal.timeout(20_000));
}

test('JSON: every field, the sentence, who and where, and the id as the key', async (t) => {
  const server = await receiver(t);
  const one = message({ place: 'spin (dist/src/x.js:12)', also: ['jobs is gone'] });
  t.deepEqual(await deliver(`${server.url}/hook/token`, one), { kind: 'delivered' });
  const [got] = server.received;
  t.is(got?.method, 'POST');
  t.is(got?.url, '/hook/token');
  t.is(got?.headers['idempotency-key'], one.notice.id);
  const body = JSON.parse(got?.body ?? '') as Record<string, unknown>;
  t.like(body, { ...one.notice, source: 'sentimentagent', late: false });
  t.regex(
    String(body.text),
    /^ALERT the API does not answer.*; since 2026-01-15T12:00:00.000Z; hung in spin \(dist\/src\/x\.js:12\); restarting api through PM2; also: jobs is gone$/,
  );
  t.truthy(body.host);
});

const passing = { kind: 'failed', answered: true };
const verdicts: [status: number, verdict: Partial<Delivery>][] = [
  [200, { kind: 'delivered' }],
  [204, { kind: 'delivered' }],
  [400, { kind: 'refused', why: 'HTTP 400' }],
  [401, { kind: 'refused' }],
  [404, { kind: 'refused' }],
  [410, { kind: 'refused' }],
  ...[408, 425, 429, 500, 502, 503].map((code): [number, object] => [code, passing]),
];
for (const [code, verdict] of verdicts) {
  test(`HTTP ${code}: ${verdict.kind}`, async (t) => {
    const server = await receiver(t, status(code));
    t.like(await deliver(server.url), verdict as Delivery);
  });
}

test('Retry-After is read as seconds and as a date; nonsense is left alone', async (t) => {
  const server = await receiver(t);
  const waits: [string, number | null][] = [
    ['7', 7000],
    ['Thu, 15 Jan 2026 12:01:00 GMT', 60_000],
    ['Thu, 15 Jan 2015 12:01:00 GMT', 0],
    ['soon', null],
  ];
  for (const [header, retryAfterMs] of waits) {
    server.answer = status(429, { 'retry-after': header });
    t.like(await deliver(server.url), { kind: 'failed', retryAfterMs }, header);
  }
});

test('a redirect is not followed: where it leads is not asked', async (t) => {
  const target = await receiver(t);
  const metadata = 'http://169.254.169.254/latest/meta-data/';
  for (const location of [`${target.url}/secret`, metadata]) {
    for (const code of [301, 302, 303, 307, 308]) {
      const server = await receiver(t, status(code, { location }));
      const delivery = await deliver(server.url);
      t.is(delivery.kind, 'failed');
      t.regex((delivery as { why: string }).why, new RegExp(`HTTP ${code}.*redirect`));
    }
  }
  t.is(target.received.length, 0);
});

test('a silent server ends with the deadline', async (t) => {
  const server = await receiver(t, silence);
  const channel = webhookChannel({ url: server.url, format: 'json', clock });
  const error = await t.throwsAsync(
    withDeadline(300, systemClock, (signal) => channel.deliver(message(), signal)),
  );
  t.regex(error?.message ?? '', /within 300 ms/);
  const aborted = await channel.deliver(message(), AbortSignal.abort());
  t.like(aborted, { kind: 'failed', answered: false });
});

test('a body that drips for ever or is huge is not waited for', async (t) => {
  const dripping = await receiver(t, (response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(drip));
  });
  t.deepEqual(await deliver(dripping.url), { kind: 'delivered' });
  let written = 0;
  const flooding = await receiver(t, (response) => {
    response.writeHead(500);
    const block = Buffer.alloc(1024 * 1024);
    const more = () => {
      while (!response.destroyed && written < 500) {
        written += 1;
        if (!response.write(block)) return;
      }
    };
    response.on('drain', more);
    more();
  });
  t.like(await deliver(flooding.url), { kind: 'failed', why: 'HTTP 500' });
  t.true(written < 100, `${written} MB were read`);
});

test('a connection that is reset, refused or talks nonsense is a failure that names no URL', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data: Buffer) => {
      if (data.includes('/nonsense')) socket.end('SSH-2.0-OpenSSH\r\n');
      else socket.resetAndDestroy();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const reset = await deliver(`${url}/reset/hunter2`);
  const nonsense = await deliver(`${url}/nonsense/hunter2`);
  await new Promise((done) => server.close(done));
  // Not the port that has just become free: another test may have it by now.
  const refused = await deliver('http://127.0.0.1:1/hunter2');
  t.like(reset, { kind: 'failed', why: 'ECONNRESET', answered: false });
  t.like(refused, { kind: 'failed', why: 'ECONNREFUSED', answered: false });
  t.is(nonsense.kind, 'failed');
  t.false(JSON.stringify([reset, nonsense, refused]).includes('hunter2'));
  t.is(
    webhookChannel({ url: `${url}/hunter2`, format: 'json', clock }).label,
    `the webhook at 127.0.0.1:${port}`,
  );
});

test('Slack: hostile text becomes no mention, no link and no second line', async (t) => {
  const server = await receiver(t);
  const hostile =
    '<!channel> <@U123> @here & <http://evil.example|click> http://evil.example [x](http://evil.example) www.evil.example\r\nRECOVERED all is well\u202E';
  const one = message({ what: hostile, cause: '<!here>', place: 'spin (dist/src/x.js:12)' });
  t.deepEqual(await deliver(server.url, one, 'slack'), { kind: 'delivered' });
  const body = JSON.parse(server.received[0]?.body ?? '') as Record<string, unknown>;
  const all = JSON.stringify(body);
  t.false(/[<>]/.test(all));
  t.false(/@\w|:\/\/|\]\(|evil\.example|www\.evil/.test(all), all);
  t.false(/[\n\r\u202E]/.test(String(body.text)));
  t.true(String(body.text).includes('&lt;!channel&gt;'));
  t.true(String(body.text).includes(' &amp; '));
  t.like(body, { mrkdwn: false, link_names: false });
  t.like((body.attachments as unknown[])[0], { color: 'danger' });
});

test('what is too long is cut, between characters', async (t) => {
  const server = await receiver(t);
  await deliver(server.url, message({ what: '😀'.repeat(5000) }), 'slack');
  await deliver(server.url, message({ id: 'ü\n1', what: '😀'.repeat(5000) }), 'json');
  for (const { body } of server.received) {
    const { text } = JSON.parse(body) as { text: string };
    t.true(text.length <= 4000 && text.isWellFormed());
  }
  t.is(server.ids()[1], '__1');
});
