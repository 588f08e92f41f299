import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import test from 'ava';
import { systemClock } from '../../src/clock.js';
import { closeGracefully, countInFlight } from '../../src/closing.js';
import { buildTestApp, type TestApp } from '../support/app.js';
import { recordingLog, silentLog } from '../support/log.js';

async function listening({ app }: TestApp): Promise<{ inFlight: () => number; port: number }> {
  const inFlight = countInFlight(app);
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { inFlight, port: (app.server.address() as { port: number }).port };
}

function get(port: number, path: string): Promise<{ status: number; connection: unknown }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

const options = { clock: systemClock, log: silentLog, shutdownDeadlineMs: 30_000, reserveMs: 1000 };

test('a request in flight is answered, however long it takes within its deadline', async (t) => {
  const testApp = await buildTestApp(t, {
    clock: systemClock,
    env: { STORE_TIMEOUT_SECONDS: '10' },
  });
  const { inFlight, port } = await listening(testApp);
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  testApp.faulty.subreddits = async (now) => {
    await released;
    return testApp.store.subreddits(now);
  };
  const answer = get(port, '/api/v1/subreddits');
  while (inFlight() === 0) await systemClock.sleep(5);
  testApp.close.abort();
  const closing = closeGracefully(testApp.app, inFlight, options);
  await systemClock.sleep(1800); // past the pause and past the time for silent connections
  t.is(inFlight(), 1);
  release();
  t.deepEqual(await answer, { status: 200, connection: 'close' });
  await closing;
  t.is(inFlight(), 0);
});

test('a request that does not end is cut at the deadline, and that is told', async (t) => {
  const { log, lines } = recordingLog();
  const testApp = await buildTestApp(t, {
    clock: systemClock,
    env: { STORE_TIMEOUT_SECONDS: '60' },
  });
  const { inFlight, port } = await listening(testApp);
  let release = (): void => undefined;
  testApp.faulty.subreddits = () =>
    new Promise((resolve) => {
      release = () => resolve([]);
    });
  const answer = t.throwsAsync(get(port, '/api/v1/subreddits'));
  while (inFlight() === 0) await systemClock.sleep(5);
  testApp.close.abort();
  const began = performance.now();
  await closeGracefully(testApp.app, inFlight, { ...options, log, shutdownDeadlineMs: 2000 });
  t.true(performance.now() - began < 2000 + 3000);
  await answer;
  t.is(lines.filter(({ msg }) => /cutting connections/.test(msg)).length, 1);
  release();
});

test('while it closes, a new connection is refused and an idle one is ended', async (t) => {
  const testApp = await buildTestApp(t, { clock: systemClock });
  const { inFlight, port } = await listening(testApp);
  const idle = connect(port, '127.0.0.1');
  t.teardown(() => idle.destroy());
  const ended = new Promise((resolve) => idle.once('close', resolve));
  await new Promise((resolve) => idle.once('connect', resolve));
  testApp.close.abort();
  await closeGracefully(testApp.app, inFlight, options);
  await ended;
  await t.throwsAsync(get(port, '/livez'), { code: 'ECONNREFUSED' });
});
