import type { ExecutionContext } from 'ava';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { DAY_MS } from '../../src/domain/window.js';
import { ManualClock } from './clock.js';
import { costBed, sumOf } from './cosmos-cost.js';

/** As jobs/runner.ts has it: signs of life every five seconds, a look for requests every second. */
const PER_HOUR = { beats: 720, looks: 3600 };

/** Request units per hour of a runner between two cycles. */
export async function idleRunnerCost(t: Pick<ExecutionContext, 'teardown'>): Promise<number> {
  const clock = new ManualClock('2026-01-15T12:00:00.000Z');
  const account = (await costBed(t, { clock })).connect();
  const store = cosmosStore({ account, clock, retentionMs: 180 * DAY_MS });
  const beat = { holder: 'host:1:0:0', pid: 1, memory_mb: 80, runs_skipped: 0 };
  const costOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = sumOf(account.charges()).ru;
    await work();
    return sumOf(account.charges()).ru - before;
  };
  await store.heartbeat(beat); // the first one creates it
  const oneBeat = await costOf(() => store.heartbeat(beat));
  const oneLook = await costOf(() => store.takeRequest());
  return Math.round(PER_HOUR.beats * oneBeat + PER_HOUR.looks * oneLook);
}
