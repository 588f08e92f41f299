import type { Clock } from '../src/clock.js';
import type { Log } from '../src/log.js';
import { type Action, decide, type Policy, restarted, type State } from './decide.js';
import type { Notifier } from './notify/notifier.js';
import type { Observation } from './observation.js';
import type { Supervisor } from './supervisor.js';

export interface LoopOptions {
  observe: () => Promise<Observation>;
  supervisor: Pick<Supervisor, 'restart'>;
  notifier: Notifier;
  policy: Policy;
  intervalMs: number;
  clock: Clock;
  log: Log;
  /** Called before anything is done about a decision, so that its budget outlives us. */
  save: (state: State) => Promise<void>;
  /** Decides and tells, but restarts nothing. */
  dryRun: boolean;
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
    state = decision.state;
    await options.save(state);
    for (const action of decision.actions) {
      if (signal.aborted) return;
      await act(options, action);
      if (action.kind === 'restart') {
        state = restarted(state, action.process, clock.monotonic(), policy);
      }
    }
    await clock.sleep(intervalMs - (clock.monotonic() - began), signal);
  }
}

/** A restart that fails is logged: the next failing probes decide what comes then. */
async function act({ notifier, supervisor, log, dryRun }: LoopOptions, action: Action) {
  if (action.kind === 'notify') {
    return notifier.notify({ ...action.notice, id: '', time: '', place: null, also: [] });
  }
  const { process, incident, cause, budgetLeft } = action;
  const fields = { process, incident, cause, budget_left: budgetLeft };
  if (dryRun) {
    log.warn(fields, `would restart ${process} (dry run)`);
    return;
  }
  log.warn(fields, `restarting ${process}`);
  try {
    await supervisor.restart(process);
    log.info(fields, `restarted ${process}`);
  } catch (error) {
    log.error({ ...fields, err: error }, `${process} could not be restarted`);
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
