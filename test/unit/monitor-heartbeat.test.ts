import test from 'ava';
import { createHeartbeat } from '../../monitor/notify/heartbeat.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog } from '../support/log.js';
import { eventually } from '../support/pm2.js';
import { receiver, silence, status } from '../support/receiver.js';

function heartbeat(url: string) {
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  return { clock, lines, heart: createHeartbeat({ url: `${url}/ping/hunter2`, clock, log }) };
}

test('a beat a minute at most, from the first probe on', async (t) => {
  const server = await receiver(t);
  const { clock, heart } = heartbeat(server.url);
  for (let probe = 0; probe < 9; probe += 1) {
    heart.beat();
    const due = Math.floor(probe / 4) + 1;
    await eventually('it arrived', () => server.received.length === due && clock.sleeping === 0);
    await clock.advance(15_000);
  }
  t.is(server.received.length, 3);
  t.like(server.received[0], { method: 'GET', url: '/ping/hunter2' });
  heart.close();
  await clock.advance(60_000);
  heart.beat();
  t.is(clock.sleeping, 0);
});

test('one in flight at most; a silent server ends with the deadline', async (t) => {
  const server = await receiver(t, silence);
  const { clock, heart, lines } = heartbeat(server.url);
  heart.beat();
  await eventually('asked', () => server.received.length === 1);
  heart.beat();
  await clock.advance(9999);
  heart.beat();
  t.is(lines.length, 0);
  await clock.advance(1);
  t.is(lines.length, 1);
  t.is(server.received.length, 1);
  heart.close();
});

test('failures are told when they change, without the address', async (t) => {
  const server = await receiver(t, status(500));
  const { clock, heart, lines } = heartbeat(server.url);
  const target = await receiver(t);
  const answers = [500, 500, 404, 302, 200, 200, 500];
  for (const [index, code] of answers.entries()) {
    server.answer = status(code, code === 302 ? { location: target.url } : {});
    heart.beat();
    await eventually(
      'answered',
      () => server.received.length === index + 1 && clock.sleeping === 0,
    );
    await clock.advance(60_000);
  }
  t.deepEqual(
    lines.map(({ why }) => why),
    ['HTTP 500', 'HTTP 404', 'HTTP 302', undefined, 'HTTP 500'],
  );
  t.is(target.received.length, 0);
  t.false(JSON.stringify(lines).includes('hunter2'));
  heart.close();
});

test('close ends the one in flight and says nothing', async (t) => {
  const server = await receiver(t, silence);
  const { clock, heart, lines } = heartbeat(server.url);
  heart.beat();
  await eventually('asked', () => server.received.length === 1);
  heart.close();
  await eventually('ended', () => clock.sleeping === 0);
  t.is(lines.length, 0);
});
