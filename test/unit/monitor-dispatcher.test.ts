import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { webhookChannel } from '../../monitor/notify/webhook.js';
import { ManualClock } from '../support/clock.js';
import { ANSWERED, DELIVERED, DOWN, fake, soon, world } from '../support/dispatcher.js';
import { notice } from '../support/notices.js';
import { receiver, silence, status } from '../support/receiver.js';
import { temporaryFolder } from '../support/temp.js';

test('what is notified goes to every channel, in order, and leaves nothing on disk', async (t) => {
  const [one, two] = [fake('one'), fake('two')];
  const { dispatcher, files } = world(t, [one, two]);
  const notices = [notice(), notice({ kind: 'escalation' }), notice({ kind: 'recovery' })];
  for (const each of notices) await dispatcher.notify(each);
  await soon('both have all', () => one.messages.length === 3 && two.messages.length === 3);
  t.deepEqual(
    one.ids(),
    notices.map(({ id }) => id),
  );
  t.deepEqual(two.ids(), one.ids());
  await dispatcher.close();
  t.deepEqual(files(), []);
  t.like(dispatcher.figures(), { queued: 0, dropped: 0 });
  t.deepEqual(dispatcher.figures().channels.one, { delivered: 3, failedAttempts: 0, refused: 0 });
});

test('while a channel is down it is tried with growing pauses; when it heals, all arrive once', async (t) => {
  const channel = fake('hook', () => DOWN);
  const { clock, dispatcher, said, paused } = world(t, [channel]);
  const [alert, recovery] = [notice(), notice({ kind: 'recovery', durationMs: 30_000 })];
  await dispatcher.notify(alert);
  await paused();
  await dispatcher.notify(recovery);
  for (const pauseMs of [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
    const before = channel.messages.length;
    await clock.advance(pauseMs - 1);
    t.is(channel.messages.length, before, `not within ${pauseMs} ms`);
    await clock.advance(1);
    t.is(channel.messages.length, before + 1, `after ${pauseMs} ms`);
  }
  t.is(said('does not take notices').filter(({ level }) => level === 'warn').length, 1);
  t.is(dispatcher.figures().channels.hook?.failedAttempts, 9);
  channel.messages.length = 0;
  channel.answer = () => DELIVERED;
  await clock.advance(300_000);
  await soon('delivered', () => channel.messages.length === 2);
  t.deepEqual(channel.ids(), [alert.id, recovery.id]);
  t.true(channel.messages.every(({ late, text }) => late && text.startsWith('[late, of 2026-')));
  t.is(said('takes notices again').length, 1);
  await dispatcher.close();
});

test('a channel that hangs holds up neither the other nor whoever notifies', async (t) => {
  const hanging = await receiver(t, silence);
  const well = await receiver(t);
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  const slow = { ...webhookChannel({ url: hanging.url, format: 'json', clock }), name: 'slow' };
  const quick = { ...webhookChannel({ url: well.url, format: 'json', clock }), name: 'quick' };
  const { dispatcher, files, said } = world(t, [slow, quick], { folder, clock });
  for (let count = 0; count < 3; count += 1) await dispatcher.notify(notice());
  await soon('the quick one has all', () => well.received.length === 3);
  await soon('the slow one was asked', () => hanging.received.length === 1);
  await clock.advance(10_000);
  t.is(said('no end within 10000 ms').length, 1);
  t.deepEqual(dispatcher.figures().channels.slow, { delivered: 0, failedAttempts: 1, refused: 0 });
  await dispatcher.close();
  t.is(files().length, 3);
  t.deepEqual(
    (
      JSON.parse(readFileSync(join(folder, 'notices', files()[0] ?? ''), 'utf8')) as {
        pending: string[];
      }
    ).pending,
    ['slow'],
  );
});

test('500, then well: delivered once, with the same id', async (t) => {
  const server = await receiver(t, status(500, { 'retry-after': '60' }));
  const clock = new ManualClock();
  const channel = webhookChannel({ url: server.url, format: 'json', clock });
  const { dispatcher, paused } = world(t, [channel], { clock });
  const alert = notice();
  await dispatcher.notify(alert);
  await paused();
  server.answer = status(200);
  await clock.advance(59_999);
  t.is(server.received.length, 1, 'Retry-After is kept to');
  await clock.advance(1);
  await soon('delivered', () => dispatcher.figures().queued === 0);
  t.deepEqual(server.ids(), [alert.id, alert.id]);
  await clock.advance(3_600_000);
  t.is(server.received.length, 2);
  await dispatcher.close();
});

test('Retry-After has a bound', async (t) => {
  const channel = fake('hook', () => ({ ...ANSWERED, retryAfterMs: 1e12 }));
  const { clock, dispatcher, paused } = world(t, [channel]);
  await dispatcher.notify(notice());
  await paused();
  await clock.advance(900_000);
  t.is(channel.messages.length, 2);
  await dispatcher.close();
});

test('what is refused for good is logged once with the status and dropped', async (t) => {
  const server = await receiver(t, status(400));
  const clock = new ManualClock();
  const channel = webhookChannel({ url: `${server.url}/hunter2`, format: 'json', clock });
  const { dispatcher, said, lines, files } = world(t, [channel], { clock });
  await dispatcher.notify(notice());
  await soon('dropped', () => dispatcher.figures().queued === 0);
  t.is(said('refused a notice for good: HTTP 400').length, 1);
  server.answer = status(200);
  await dispatcher.notify(notice());
  await soon('the next', () => server.received.length === 2);
  t.is(dispatcher.figures().channels.webhook?.refused, 1);
  await dispatcher.close();
  t.deepEqual(files(), []);
  t.false(JSON.stringify(lines).includes('hunter2'));
});

test('what alone is answered with errors does not stay in the way of the others', async (t) => {
  const poison = notice();
  const channel = fake('hook', ({ notice: { id } }) => (id === poison.id ? ANSWERED : DELIVERED));
  const { clock, dispatcher, said, paused } = world(t, [channel]);
  await dispatcher.notify(poison);
  const other = notice();
  await dispatcher.notify(other);
  await paused();
  await clock.advance(3_600_000);
  await soon('empty', () => dispatcher.figures().queued === 0);
  t.is(channel.ids().filter((id) => id === other.id).length, 1);
  t.is(said('refused a notice for good: HTTP 500, time after time').length, 1);
  await dispatcher.close();
});

test('a receiver that answers everything with errors loses nothing', async (t) => {
  const channel = fake('hook', () => ANSWERED);
  const { clock, dispatcher, paused } = world(t, [channel]);
  const both = [notice(), notice()];
  for (const one of both) await dispatcher.notify(one);
  await paused();
  await clock.advance(86_400_000);
  channel.messages.length = 0;
  channel.answer = () => DELIVERED;
  await clock.advance(300_000);
  await soon('empty', () => dispatcher.figures().queued === 0);
  t.deepEqual(
    channel.ids(),
    both.map(({ id }) => id),
  );
  await dispatcher.close();
});

test('close ends within its bound, also when a channel ignores its signal', async (t) => {
  const stubborn = fake('stubborn', () => new Promise(() => undefined));
  const { clock, dispatcher, files } = world(t, [stubborn]);
  await dispatcher.notify(notice());
  await soon('asked', () => stubborn.messages.length === 1);
  let closed = false;
  const closing = dispatcher.close(2000).then(() => (closed = true));
  await clock.advance(1999);
  t.false(closed);
  await clock.advance(1001);
  await closing;
  t.is(files().length, 1);
});

test('close delivers what was decided just before', async (t) => {
  const channel = fake('hook');
  const { dispatcher } = world(t, [channel]);
  const last = notice();
  void dispatcher.notify(last);
  await dispatcher.close();
  t.deepEqual(channel.ids(), [last.id]);
});

test('a channel that throws is a failure, not an end', async (t) => {
  const channel = fake('hook', () => {
    throw new Error('a bug');
  });
  const { clock, dispatcher, said, paused } = world(t, [channel]);
  await dispatcher.notify(notice());
  await paused();
  t.is(said('failed in a way it should not').length, 1);
  channel.answer = () => DELIVERED;
  await clock.advance(5000);
  await soon('delivered', () => dispatcher.figures().queued === 0);
  await dispatcher.close();
});
