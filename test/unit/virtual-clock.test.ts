import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Agent, fetch } from 'undici';
import { AppError } from '../../src/errors.js';
import { withDeadline } from '../../src/retry.js';
import { VirtualClock } from '../support/virtual-clock.js';

const START = Date.parse('2026-01-15T12:00:00.000Z');

function clockOf(t: ExecutionContext): VirtualClock {
  const clock = new VirtualClock(START);
  t.teardown(() => clock.close());
  return clock;
}

async function serve(t: ExecutionContext, listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent();
  t.teardown(async () => {
    await agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = async (signal?: AbortSignal) =>
    (await fetch(url, { dispatcher: agent, signal: signal ?? null })).text();
  return { get };
}

test.serial('sleepers wake in the order of their times, and hours take no time', async (t) => {
  const clock = clockOf(t);
  const woken: string[] = [];
  const nap = async (name: string, ms: number) => {
    await clock.sleep(ms);
    woken.push(`${name} ${clock.monotonic()}`);
  };
  await clock.drive(Promise.all([nap('c', 7_200_000), nap('a', 5), nap('b', 5), nap('now', -3)]));
  t.deepEqual(woken, ['now 0', 'a 5', 'b 5', 'c 7200000']);
  t.is(clock.now(), START + 7_200_000);
  t.is(clock.sleeping, 0);
});

test.serial('an aborted sleep ends at once, without time passing', async (t) => {
  const clock = clockOf(t);
  const stop = new AbortController();
  const asleep = clock.sleep(1000, stop.signal);
  stop.abort();
  await clock.drive(asleep);
  await clock.drive(clock.sleep(1000, stop.signal));
  t.is(clock.monotonic(), 0);
  t.is(clock.sleeping, 0);
});

test.serial('an exchange over a real socket takes no time, however large it is', async (t) => {
  const clock = clockOf(t);
  const { get } = await serve(t, (_request, response) => response.end('x'.repeat(20_000_000)));
  for (let n = 0; n < 5; n += 1) {
    const answer = await clock.drive(
      withDeadline(1, clock, get, () => new AppError('reddit_timeout', 'a millisecond passed')),
    );
    t.is(answer.length, 20_000_000);
  }
  t.is(clock.monotonic(), 0);
});

test.serial('work of the server that needs turns of the loop takes no time either', async (t) => {
  const clock = clockOf(t);
  const { get } = await serve(t, (_request, response) => {
    let turns = 0;
    const later = () => (++turns < 200 ? void setImmediate(later) : void response.end('done'));
    later();
  });
  t.is(await clock.drive(withDeadline(1, clock, get)), 'done');
});

test.serial(
  'while the server holds the request, time passes until the deadline, exactly',
  async (t) => {
    const clock = clockOf(t);
    const { get } = await serve(t, () => undefined);
    const error = await t.throwsAsync<AppError>(clock.drive(withDeadline(15_000, clock, get)));
    t.is(error?.code, 'deadline_exceeded');
    t.is(clock.monotonic(), 15_000);
  },
);

test.serial('a server that drips by this clock is heard drop by drop', async (t) => {
  const clock = clockOf(t);
  const { get } = await serve(t, (_request, response) => {
    void (async () => {
      for (let drop = 0; drop < 10; drop += 1) {
        response.write('.');
        await clock.sleep(1000);
      }
      response.end();
    })();
  });
  t.is(await clock.drive(withDeadline(10_001, clock, get)), '..........');
  t.is(clock.monotonic(), 10_000);
  await t.throwsAsync(clock.drive(withDeadline(9_999, clock, get)));
});

test.serial('a connection that is reset is noticed before time passes', async (t) => {
  const clock = clockOf(t);
  const { get } = await serve(t, (request) => request.socket.resetAndDestroy());
  for (let n = 0; n < 20; n += 1) {
    const error = await t.throwsAsync<Error>(clock.drive(withDeadline(1, clock, get)));
    t.is(error?.message, 'fetch failed');
  }
  t.is(clock.monotonic(), 0);
});

test.serial('a wait that nothing ends is an error, not a hanging test', async (t) => {
  const clock = clockOf(t);
  await t.throwsAsync(clock.drive(new Promise(() => undefined)), { message: /without a deadline/ });
});
