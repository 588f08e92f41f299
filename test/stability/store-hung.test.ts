import { rmSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { buildApp } from '../../src/app.js';
import { systemClock } from '../../src/clock.js';
import { healthPolicy } from '../../src/health/assess.js';
import { createHealthMonitor } from '../../src/health-monitor.js';
import { createMetrics } from '../../src/metrics.js';
import { createRollupMemory } from '../../src/rollups/memory.js';
import { boundedStore } from '../../src/store/bounded.js';
import { openReadClient } from '../../src/store/sqlite/client.js';
import { freshAfterMs, givenAll, staleAnswers } from '../support/charts.js';
import { recordingLog } from '../support/log.js';
import { fill } from '../support/served-store.js';
import { temporaryStore } from '../support/store.js';

const TIMEOUT_MS = 500;
const FRESH_WITHIN_MS = 5000 + 5000;

/** The api as src/main.ts wires it, with a store thread that can be made to hang. */
async function servedByHangingThread(t: ExecutionContext) {
  const env = { STORE_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000) };
  const { store: writer, path, config } = await temporaryStore(t, { clock: systemClock, env });
  await fill(writer, 'a', 30);
  const { log, lines } = recordingLog();
  const store = await openReadClient({
    ...{ path, log, timeoutMs: TIMEOUT_MS, clock: systemClock },
    threadUrl: new URL('../support/hanging-thread-root.js', import.meta.url),
  });
  const health = createHealthMonitor({
    ...{ store, log, clock: systemClock, collectionOn: true, details: true },
    sampler: {
      sample: () => ({
        ...{ uptime_seconds: 1, memory_mb: 1, cpu_percent: 1, pid: 1, event_loop_delay_ms: 0 },
      }),
      renew: () => undefined,
      close: () => undefined,
    },
    policy: healthPolicy(config.collection.intervalMs),
    timeoutMs: TIMEOUT_MS,
  });
  const rollups = createRollupMemory({
    store: boundedStore(store, systemClock, TIMEOUT_MS),
    clock: systemClock,
    firstHours: 24,
  });
  const app = await buildApp({
    ...{ config, store, rollups, health, log, clock: systemClock, adminToken: null },
    metrics: createMetrics({ version: '1.2.3' }),
    closing: new AbortController().signal,
  });
  const base = await app.listen({ port: 0, host: '127.0.0.1' });
  rollups.start();
  health.start();
  t.teardown(async () => {
    await app.close();
    await Promise.all([rollups.close(), health.close()]);
    await store.close();
  });
  const hang = () => writeFileSync(`${path}.hang`, '');
  const letGo = () => rmSync(`${path}.hang`, { force: true });
  t.teardown(letGo);
  return { base, lines, hang, letGo };
}

test.serial(
  'a store thread that hangs: charts go on with their age, and nobody waits',
  async (t) => {
    const { base, lines, hang, letGo } = await servedByHangingThread(t);
    await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS });
    const before = (await givenAll(base)).map(({ body }) => body);
    hang();
    const first = await staleAnswers(base, FRESH_WITHIN_MS);
    // Until every thread that takes the place of a hung one hangs itself.
    const end = systemClock.monotonic() + 6 * TIMEOUT_MS + 1000;
    let slowestMs = 0;
    let last = first;
    while (systemClock.monotonic() < end) {
      const began = systemClock.monotonic();
      last = await givenAll(base);
      slowestMs = Math.max(slowestMs, systemClock.monotonic() - began);
      t.true(last.every(({ status, stale }) => status === 200 && stale));
      await systemClock.sleep(100);
    }
    t.deepEqual(
      last.map(({ body }) => body),
      before,
    );
    t.true(last.every(({ age }, n) => (age ?? -1) > (first[n]?.age ?? Infinity)));
    t.true(lines.some(({ msg }) => msg === 'store thread hangs: replacing it'));
    t.is((await fetch(`${base}/livez`)).status, 200);
    t.is((await fetch(`${base}/api/v1/sentiment/stats?hours=77`)).status, 503);
    letGo();
    t.log(`fresh after ${await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS })} ms`);
    t.log(`while it hung, the slowest six answers took ${Math.round(slowestMs)} ms`);
  },
);
