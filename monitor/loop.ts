import type { Clock } from '../src/clock.js';
import type { Log } from '../src/log.js';
import { act, type ActOptions } from './act.js';
import { decide } from './rules/decide.js';
import type { Observation } from './observe/observation.js';
import type { Policy } from './rules/policy.js';
import type { State } from './rules/state.js';

export interface LoopOptions extends ActOptions {
  observe: () => Promise<Observation>;
  policy: Policy;
  intervalMs: number;
  clock: Clock;
  log: Log;
  /** Told of each look after all was done about it. Never throws and never takes long. */
  looked: (observation: Observation, state: State) => Promise<void>;
}

const MEMORY_LOG_EVERY_MS = 60_000;

/**
 * probe → decide → act → sleep, one after the other, until the signal aborts; then it
 * resolves at once, whatever it was doing.
 */
export async function runLoop(
  options: LoopOptions,
  state: State,
  signal: AbortSignal,
): Promise<void> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([aborted, keepLooking(options, state, signal)]);
}

async function keepLooking(
  options: LoopOptions,
  initial: State,
  signal: AbortSignal,
): Promise<void> {
  const { clock, intervalMs, policy } = options;
  let state = initial;
  const report = reporter(options.log);
  while (!signal.aborted) {
    const began = clock.monotonic();
    const observation = await options.observe();
    if (signal.aborted) return;
    report(observation);
    const decision = decide(state, observation, policy);
    state = await act(options, decision, observation, signal);
    if (signal.aborted) return;
    await options.looked(observation, state);
    await clock.sleep(intervalMs - (clock.monotonic() - began), signal);
  }
}

/** Memory each minute, and a line whenever what is seen changes. */
function reporter(log: Log): (observation: Observation) => void {
  let memoryLoggedAt = Number.NEGATIVE_INFINITY;
  let last = '';
  return (observation) => {
    const { at, outcome, supervisor } = observation;
    const seen =
      outcome.kind === 'answered' ? `is ${outcome.status}` : `gives no answer (${outcome.reason})`;
    log.debug({ observation }, 'probe');
    if (seen !== last) log.info({ outcome, pm2: supervisor.reachable }, `the API ${seen}`);
    last = seen;
    if (!supervisor.reachable || at - memoryLoggedAt < MEMORY_LOG_EVERY_MS) return;
    memoryLoggedAt = at;
    const memory = supervisor.processes.map(({ name, pid, status, memoryMb }) => ({
      name,
      pid,
      status,
      memory_mb: memoryMb,
    }));
    log.info({ memory }, 'memory of PM2 processes');
  };
}
