import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { DELIVERED, DOWN, fake, soon, world } from '../support/dispatcher.js';
import { notice } from '../support/notices.js';
import { temporaryFolder } from '../support/temp.js';

test('a restart goes on where the one before ended, for each channel', async (t) => {
  const [down, well] = [fake('down', () => DOWN), fake('well')];
  const first = world(t, [down, well]);
  const notices = [notice(), notice(), notice({ kind: 'recovery' })];
  for (const one of notices) await first.dispatcher.notify(one);
  await soon('one has all', () => well.messages.length === 3);
  await first.dispatcher.close();
  const healed = fake('down');
  const wellAgain = fake('well');
  const { dispatcher, files } = world(t, [healed, wellAgain], { folder: first.folder });
  await soon('the rest', () => healed.messages.length === 3);
  const fresh = notice();
  await dispatcher.notify(fresh);
  await soon('the new one', () => wellAgain.messages.length === 1);
  await dispatcher.close();
  t.deepEqual(
    healed.ids(),
    [...notices, fresh].map(({ id }) => id),
  );
  t.deepEqual(wellAgain.ids(), [fresh.id]);
  t.deepEqual(files(), []);
});

test('the queue has a bound: reminders go first, then the oldest; each is logged', async (t) => {
  const channel = fake('hook', () => DOWN);
  const { dispatcher, files, said } = world(t, [channel], { maxQueued: 5 });
  const kinds = [
    'alert',
    'reminder',
    'alert',
    'reminder',
    'alert',
    'alert',
    'alert',
    'alert',
  ] as const;
  const notices = kinds.map((kind) => notice({ kind }));
  for (const one of notices) await dispatcher.notify(one);
  t.like(dispatcher.figures(), { queued: 5, dropped: 3 });
  t.deepEqual(
    said('the queue of notices is full').map(({ id }) => id),
    [notices[1]?.id, notices[3]?.id, notices[0]?.id],
  );
  await dispatcher.close();
  t.is(files().length, 5);
});

test('the queue has a bound in bytes, and hostile sizes do not reach it', async (t) => {
  const channel = fake('hook', () => DOWN);
  const { dispatcher, files, folder } = world(t, [channel], { maxBytes: 20_000 });
  for (let count = 0; count < 20; count += 1) {
    await dispatcher.notify(notice({ what: 'x'.repeat(1_000_000) }));
  }
  t.true(dispatcher.figures().queued >= 5);
  t.true(dispatcher.figures().dropped > 0);
  await dispatcher.close();
  const bytes = files().reduce(
    (sum, name) => sum + readFileSync(join(folder, 'notices', name)).length,
    0,
  );
  t.true(bytes < 25_000, `${bytes}`);
});

test('garbage in the queue is put aside with a line, and costs nothing else', async (t) => {
  const folder = temporaryFolder(t);
  const queue = join(folder, 'notices');
  mkdirSync(queue, { recursive: true });
  const good = notice();
  const whole = JSON.stringify({ version: 1, notice: good, pending: ['hook'] });
  const bad = [
    '',
    '{',
    whole.slice(0, -20),
    'null',
    '{"version":2}',
    '\u0000\u0001',
    `"${'x'.repeat(200_000)}"`,
  ];
  bad.forEach((text, index) =>
    writeFileSync(join(queue, `${String(index + 1).padStart(12, '0')}.json`), text),
  );
  writeFileSync(join(queue, '000000000009.json'), whole);
  writeFileSync(join(queue, '000000000010.json.tmp'), whole.slice(0, 40));
  mkdirSync(join(queue, '000000000011.json'));
  const channel = fake('hook');
  const { dispatcher, files, said } = world(t, [channel], { folder });
  await dispatcher.notify(notice());
  await soon('both', () => channel.messages.length === 2);
  t.is(channel.ids()[0], good.id);
  t.is(said('is put aside').length, bad.length + 1);
  await dispatcher.close();
  t.true(
    files().every((name) => name.endsWith('.bad')),
    String(files()),
  );
  t.true(files().length <= 6);
});

test('a disk that cannot be written: notices are kept in memory and delivered', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'notices'), 'a file where the folder should be');
  const channel = fake('hook', () => DOWN);
  const { clock, dispatcher, said, paused } = world(t, [channel], { folder });
  const both = [notice(), notice()];
  for (const one of both) await dispatcher.notify(one);
  await paused();
  t.is(said('notices cannot be saved').length, 1);
  channel.messages.length = 0;
  channel.answer = () => DELIVERED;
  await clock.advance(5000);
  await soon('all', () => dispatcher.figures().queued === 0);
  t.deepEqual(
    channel.ids(),
    both.map(({ id }) => id),
  );
  await dispatcher.close();
});

test('notices of a channel that is configured no more are given up', async (t) => {
  const first = world(t, [fake('old', () => DOWN)]);
  await first.dispatcher.notify(notice());
  await first.dispatcher.close();
  t.is(first.files().length, 1);
  const { dispatcher, said, files } = world(t, [fake('new')], { folder: first.folder });
  const fresh = notice();
  await dispatcher.notify(fresh);
  await dispatcher.close();
  t.is(said('channels that are gone').length, 1);
  t.deepEqual(files(), []);
});

test('without channels it touches no file; the same id twice is one notice', async (t) => {
  const none = world(t, []);
  await none.dispatcher.notify(notice());
  await none.dispatcher.close();
  t.false(existsSync(join(none.folder, 'notices')));
  const channel = fake('hook', () => DOWN);
  const { dispatcher } = world(t, [channel]);
  const one = notice();
  await dispatcher.notify(one);
  await dispatcher.notify(one);
  t.is(dispatcher.figures().queued, 1);
  await dispatcher.close();
});
