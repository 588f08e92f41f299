import { type Clock, toIso } from '../src/clock.js';
import type { Log } from '../src/log.js';
import type { Action, Restart } from './rules/action.js';
import type { JournalEntry, JournalEvent } from './records/journal-entry.js';
import type { Decision } from './rules/look.js';
import type { Notice } from './notify/notice.js';
import type { Notifier } from './notify/notifier.js';
import type { Observation } from './observe/observation.js';
import type { Policy } from './rules/policy.js';
import { restarted } from './rules/restarts.js';
import { type State, withIncident } from './rules/state.js';
import type { Supervisor } from './observe/supervisor.js';

export interface ActOptions {
  supervisor: Pick<Supervisor, 'restart'>;
  notifier: Notifier;
  policy: Policy;
  clock: Clock;
  log: Log;
  /** So that what was decided outlives us. Never throws. */
  save: (state: State) => Promise<void>;
  /** Never throws. */
  journal: { append(entries: JournalEntry[]): Promise<void> };
  /** What can be found out before a restart destroys it. Never throws and has a deadline. */
  examine: (restart: Restart, observation: Observation, state: State) => Promise<Findings>;
  /** Told of each restart that was made. */
  made: (restart: Restart) => void;
  /** Decides and tells, but restarts nothing. */
  dryRun: boolean;
}

export interface Findings {
  /** Where it hangs: `spin (dist/src/x.js:12)`; null when that is not known. */
  place: string | null;
  /** A sentence for the journal. */
  text: string;
}

/**
 * Does what was decided: looks where hung processes hang, tells people, restarts, which may take
 * a minute each: nobody hears of one trouble later for the restart of another. Gives the state
 * with what came of it. A restart that fails is recorded: the next failing looks decide what
 * comes then.
 *
 * Whenever it is cut off, the budget outlives us, and whoever comes next tells what people may not
 * have heard, under the same id.
 */
export async function act(
  options: ActOptions,
  { state: decided, actions }: Decision,
  observation: Observation,
  signal: AbortSignal,
): Promise<State> {
  let state = decided;
  const record = (event: JournalEvent, about: About, text: string) =>
    options.journal.append([entryOf(event, about, text, options.clock, null)]);

  const restarts = actions.filter((one) => one.kind === 'restart');
  if (restarts.length > 0) await options.save(untold(decided, actions));
  for (const restart of restarts) {
    const { place, text } = await options.examine(restart, observation, state);
    await record('evidence', restart, text);
    if (place !== null) {
      state = withIncident(state, restart, (incident) => ({ ...incident, place }));
    }
  }
  for (const action of actions.filter((one) => one.kind !== 'restart')) {
    if (signal.aborted) return state;
    await options.journal.append([decidedEntry(action, state, options.clock, observation)]);
    if (action.kind === 'notify') await options.notifier.notify(placed(action.notice, state));
  }
  await options.save(state);
  for (const action of restarts) {
    if (signal.aborted) return state;
    await options.journal.append([decidedEntry(action, state, options.clock, observation)]);
    state = await restart(options, state, action, record);
  }
  if (restarts.length > 0) await options.save(state);
  return state;
}

/** As it is until the notices of this decision are on their way. */
function untold(decided: State, actions: readonly Action[]): State {
  return actions.reduce(
    (state, action) =>
      action.kind === 'notify'
        ? withIncident(state, action.notice, (incident) => ({ ...incident, told: null }))
        : state,
    decided,
  );
}

type About = Pick<Restart, 'incident' | 'subject' | 'cause'>;
type Record = (event: JournalEvent, about: About, text: string) => Promise<void>;

async function restart(
  { supervisor, log, dryRun, clock, policy, made }: ActOptions,
  state: State,
  action: Restart,
  record: Record,
): Promise<State> {
  const { process, incident, cause, budgetLeft } = action;
  const fields = { process, incident, cause, budget_left: budgetLeft };
  if (dryRun) {
    log.warn(fields, `would restart ${process} (dry run)`);
    return restarted(state, process, clock.monotonic(), policy);
  }
  log.warn(fields, `restarting ${process}`);
  try {
    await supervisor.restart(process);
    log.info(fields, `restarted ${process}`);
    made(action);
    await record('restarted', action, `${process} was restarted`);
  } catch (error) {
    log.error({ ...fields, err: error }, `${process} could not be restarted`);
    const why = error instanceof Error ? error.message : String(error);
    await record('restart_failed', action, `${process} could not be restarted: ${why}`);
  }
  return restarted(state, process, clock.monotonic(), policy);
}

/** Found after the decision that the notice is of. */
function placed(notice: Notice, state: State): Notice {
  const incident = state.watches[notice.subject]?.incident;
  if (incident?.id !== notice.incident) return notice;
  return { ...notice, place: incident.place };
}

function decidedEntry(
  action: Action,
  state: State,
  clock: Clock,
  observation: Observation,
): JournalEntry {
  switch (action.kind) {
    case 'record':
      return entryOf(action.entry.event, action.entry, action.entry.text, clock, observation);
    case 'notify': {
      const notice = placed(action.notice, state);
      const text = `${notice.what}; ${notice.action}`;
      const entry = entryOf(notice.kind, notice, text, clock, observation);
      return { ...entry, budgetLeft: notice.budgetLeft };
    }
    case 'restart': {
      const text = `restarting ${action.process}; restarts left: ${action.budgetLeft}`;
      const entry = entryOf('restart', action, text, clock, observation);
      return { ...entry, budgetLeft: action.budgetLeft };
    }
  }
}

function entryOf(
  event: JournalEvent,
  { incident, subject, cause }: About,
  text: string,
  clock: Clock,
  observation: Observation | null,
): JournalEntry {
  return { time: toIso(clock.now()), incident, subject, event, cause, text, observation };
}
