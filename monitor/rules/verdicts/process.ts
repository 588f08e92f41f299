import { named } from '../../observe/listed.js';
import type { Cause, Observation, ProcessSample } from '../../observe/observation.js';
import { API, JOBS, RESTARTABLE } from '../ours.js';
import { processMemory } from '../state.js';
import { isDead } from '../track.js';
import {
  failing,
  noRestart,
  obstacle,
  ok,
  type Remedy,
  restartOnline,
  type Seen,
  stranger,
  type Trouble,
  unknown,
  type Verdict,
} from './verdict.js';
import { duration } from '../../text.js';

/** Whether PM2 has a process of that name that lives. */
export function processVerdict(name: string, seen: Seen): Verdict {
  const { observation } = seen;
  const subject = { subject: `process.${name}`, process: name, level: 'error' } as const;
  if (!observation.supervisor.reachable) return unknown(subject);
  const entries = named(name, observation);
  // What PM2 does not list is not wanted.
  if (entries.length === 0) return ok(subject);
  const trouble =
    ended(name, entries, seen) ??
    crashLoop(name, entries, seen) ??
    lifeless(name, entries, seen) ??
    partlyGivenUp(name, entries, seen);
  if (trouble !== null) return failing(subject, trouble);
  // Being started or stopped says nothing yet.
  if (!entries.every(isSettled)) return unknown(subject);
  const silent = name === JOBS ? silentRunner(observation) : null;
  if (silent === null) return quietSince(name, seen) ? ok(subject) : unknown(subject);
  return failing(subject, {
    cause: silent.code,
    what: `jobs lives but does not report: ${silent.message}`,
    remedy: restartOnline(entries, true),
  });
}

/** One of several may well be stopped by hand. */
const isSettled = ({ status, pid }: ProcessSample) =>
  status === 'online' || (status === 'stopped' && pid === 0);

/** Nothing is online, and PM2 either will not start it, or in vain for a reason it has told. */
function ended(name: string, entries: ProcessSample[], seen: Seen): Trouble | null {
  const [entry] = entries;
  if (entry === undefined) return null;
  const { status, exitCode, pid } = entry;
  const away = storeAway(name, entries, seen);
  if (away !== null) return away;
  if (entries.some((one) => one.status === 'online' && one.pid > 0)) return null;
  const final = pid === 0 && ['stopped', 'errored', 'waiting restart'].includes(status);
  if (exitCode === 78 && final) {
    const holder = name === API ? stranger(seen.observation) : null;
    return {
      cause: holder === null ? 'exit_78' : 'port_taken',
      what:
        `${name} ended with exit code 78 (configuration)${quote(entries)}` +
        (holder === null ? '' : `; its port is held by ${holder}`),
      remedy: noRestart('a restart would not help: correct what it says, then pm2 restart it'),
    };
  }
  if (status === 'stopped' && final) {
    return {
      cause: 'stopped',
      what: `${name} is stopped in PM2 (last exit code ${exitCode ?? 'none'})`,
      remedy: noRestart('stopped by hand, as it seems; pm2 start it when it is wanted'),
    };
  }
  return givenUp(name, entry, seen);
}

/**
 * A start may try its store for so long (21 s of pauses, and what each attempt waits). After
 * that an exit code of 69 is history: PM2 keeps the last one for ever.
 */
const OPENING_MS = 120_000;

/** PM2 calls it online after listen_timeout, also while it still tries to open its store. */
function storeAway(name: string, entries: ProcessSample[], seen: Seen): Trouble | null {
  const { outcome } = seen.observation;
  const refused = outcome.kind === 'no_answer' && outcome.reason === 'refused';
  const tries = ({ exitCode, status, upMs }: ProcessSample) =>
    exitCode === 69 &&
    (status === 'online'
      ? name === API && refused && (upMs ?? 0) < OPENING_MS
      : status !== 'stopping');
  if (!entries.some(tries) || (name === API && !refused)) return null;
  return {
    cause: 'exit_69',
    what: `${name} ended with exit code 69 (store unreachable)${quote(entries)}`,
    remedy: noRestart('a restart would not help; PM2 tries again until the store is back'),
  };
}

function givenUp(name: string, { status, exitCode }: ProcessSample, seen: Seen): Trouble | null {
  const { deadSince } = processMemory(seen.state, name);
  const deadMs = deadSince === null ? 0 : seen.observation.at - deadSince;
  if (deadSince === null || (status !== 'errored' && deadMs < seen.policy.deadMs)) return null;
  return {
    cause: 'given_up',
    what: `PM2 has had no process for ${name} for ${duration(deadMs)} (${status}, last exit code ${exitCode ?? 'none'})`,
    remedy: restartable(name, seen, { restart: true, generation: 'none', hangs: false }),
  };
}

/** Others of that name are online: a restart would take those down as well. */
function partlyGivenUp(name: string, entries: ProcessSample[], seen: Seen): Trouble | null {
  const { deadSince } = processMemory(seen.state, name);
  const deadMs = deadSince === null ? 0 : seen.observation.at - deadSince;
  const dead = entries.filter(isDead);
  if (dead.length === 0 || deadMs < seen.policy.deadMs) return null;
  return {
    cause: 'given_up',
    what: `PM2 has no process any more for ${dead.length} of ${entries.length} instances of ${name}, for ${duration(deadMs)}`,
    remedy: noRestart(`the others run; pm2 reload ${name} starts all anew`),
  };
}

function crashLoop(name: string, entries: ProcessSample[], seen: Seen): Trouble | null {
  const { crashes } = processMemory(seen.state, name);
  if (crashes.length < seen.policy.failures) return null;
  const code = entries.find((one) => one.exitCode !== null)?.exitCode ?? 'none';
  const ms = duration(seen.observation.at - (crashes[0]?.at ?? seen.observation.at));
  return {
    cause: 'crash_loop',
    what: `${name} keeps ending: ${crashes.length} times or more within ${ms}, last exit code ${code}${quote(entries)}`,
    remedy: noRestart('PM2 restarts it by itself, at growing intervals'),
  };
}

/** After a crash loop it is well only when it has not ended for as long as makes one. */
function quietSince(name: string, { state }: Seen): boolean {
  const open = state.watches[`process.${name}`]?.incident;
  return open?.cause !== 'crash_loop' || processMemory(state, name).crashes.length === 0;
}

/** PM2 says online, and the kernel says otherwise. */
function lifeless(name: string, entries: ProcessSample[], seen: Seen): Trouble | null {
  const online = entries.filter((one) => one.status === 'online' && one.pid > 0);
  const suspended = online.find((one) => one.life === 'suspended');
  if (suspended !== undefined) {
    return {
      cause: 'suspended',
      what: `${name} is suspended (pid ${suspended.pid} is in state T, as SIGSTOP leaves it)`,
      remedy: restartable(name, seen, restartOnline(online, false)),
    };
  }
  const gone = online.find((one) => one.life === 'gone');
  if (gone === undefined) return null;
  return {
    cause: 'process_gone',
    what: `PM2 calls ${name} online, but its process ${gone.pid} does not exist`,
    remedy: restartable(name, seen, restartOnline(online, false)),
  };
}

/** Only the API sees the runner's heartbeat. */
function silentRunner({ outcome }: Observation): Cause | null {
  if (outcome.kind !== 'answered') return null;
  return outcome.causes.find((one) => one.code === 'jobs_silent') ?? null;
}

function restartable(name: string, { observation }: Seen, remedy: Remedy): Remedy {
  if (!RESTARTABLE.includes(name)) return noRestart('the monitor does not restart itself');
  const why = name === API ? obstacle(observation) : null;
  return why === null ? remedy : noRestart(why);
}

/** What it said last, in its own words. */
function quote(entries: ProcessSample[]): string {
  const words = entries.find((one) => one.lastWords !== null)?.lastWords;
  return words === undefined || words === null ? '' : `: “${words}”`;
}
