import type { Cause, NoAnswer, Observation, ProcessSample } from './observation.js';

/** The PM2 name of the process whose `/health` is probed. */
export const API = 'api';
/** Ours (SPEC §2). Whatever else runs under the same PM2 is left alone. */
const OURS = [API, 'jobs', 'monitor'] as const;
/** Not the monitor: it cannot judge its own restart. */
const RESTARTABLE: readonly string[] = [API, 'jobs'];

/** What one observation says about one subject. */
export interface Verdict {
  /** `pm2`, `api`, `api.degraded`, `process.NAME` or `memory.NAME`: at most one incident each. */
  subject: string;
  /** The process whose grace and restart budget apply. */
  process: string | null;
  /** `unknown`: this observation says nothing about the subject. */
  state: 'ok' | 'failing' | 'unknown';
  level: 'warn' | 'error';
  /** Stable code of the trouble. */
  cause: string;
  /** The trouble in a sentence. */
  what: string;
  remedy: Remedy;
}

/**
 * `generation` names the processes that are in trouble: only what keeps failing without
 * being replaced may be restarted, for what exits is PM2's to restart.
 */
export type Remedy = { restart: true; generation: string } | { restart: false; why: string };

const none = (why: string): Remedy => ({ restart: false, why });

/** In the order in which one explains the next: PM2, the API, the other processes, memory. */
export function verdicts(observation: Observation, memoryLimitMb: number): Verdict[] {
  return [
    supervisorVerdict(observation),
    apiVerdict(observation),
    degradedVerdict(observation),
    ...OURS.filter((name) => name !== API).map((name) => processVerdict(name, observation)),
    ...OURS.map((name) => memoryVerdict(name, observation, memoryLimitMb)),
  ];
}

function supervisorVerdict({ supervisor }: Observation): Verdict {
  const verdict = {
    subject: 'pm2',
    process: null,
    level: 'error',
    cause: 'pm2_unreachable',
  } as const;
  if (supervisor.reachable) return { ...verdict, state: 'ok', what: '', remedy: none('') };
  return {
    ...verdict,
    state: 'failing',
    what: `PM2 cannot be reached: ${supervisor.reason}`,
    remedy: none('the monitor starts no PM2; start it with npm start'),
  };
}

function apiVerdict(observation: Observation): Verdict {
  const { outcome } = observation;
  const verdict = { subject: 'api', process: API, level: 'error' } as const;
  if (outcome.kind === 'no_answer') {
    return { ...verdict, state: 'failing', ...silence(outcome, observation) };
  }
  if (outcome.status !== 'unhealthy') {
    return { ...verdict, state: 'ok', cause: '', what: '', remedy: none('') };
  }
  const blocking = blockingCauses(observation);
  const first = blocking[0] ?? outcome.causes[0];
  return {
    ...verdict,
    state: 'failing',
    cause: first?.code ?? 'unhealthy',
    what: `the API answers unhealthy: ${describe(outcome.causes)}`,
    remedy: unhealthyRemedy(observation, blocking),
  };
}

function unhealthyRemedy(observation: Observation, blocking: Cause[]): Remedy {
  const [blocked] = blocking;
  if (blocked !== undefined) return none(`a restart would not help: ${blocked.code}`);
  const { outcome } = observation;
  const helps = outcome.kind === 'answered' && outcome.causes.some((one) => one.restartWouldHelp);
  if (!helps) return none('no cause says that a restart would help');
  return restartOnline(named(API, observation));
}

/** Causes of being unhealthy that a restart would not cure, and might make worse. */
function blockingCauses({ outcome }: Observation): Cause[] {
  if (outcome.kind !== 'answered' || outcome.status !== 'unhealthy') return [];
  const minor = ['info', 'healthy', 'degraded', 'warning'];
  return outcome.causes.filter((one) => !one.restartWouldHelp && !minor.includes(one.severity));
}

type Trouble = Pick<Verdict, 'cause' | 'what' | 'remedy'>;

/**
 * A start may try its store for so long (21 s of pauses, and what each attempt waits). After
 * that an exit code of 69 is history: PM2 keeps the last one for ever.
 */
const OPENING_MS = 120_000;

/** Nobody answered: PM2's list tells whether anybody could have. */
function silence(outcome: NoAnswer, observation: Observation): Trouble {
  const { supervisor } = observation;
  const what = `the API does not answer: ${outcome.detail}`;
  const noRestart = (why: string): Trouble => ({ cause: outcome.reason, what, remedy: none(why) });
  if (!supervisor.reachable) return noRestart('PM2 cannot be reached');
  const entries = named(API, observation);
  if (entries.length === 0) return noRestart(`PM2 has no process named ${API}; run npm start`);
  const exit = exitTrouble(API, entries);
  if (exit !== null) return exit;
  const away = entries.find((one) => one.exitCode === 69 && (one.upMs ?? 0) < OPENING_MS);
  if (outcome.reason === 'refused' && away !== undefined) {
    // PM2 calls it online after listen_timeout, also while it still tries to open its store.
    const cause = 'exit_69';
    const why = 'a restart would not help: it is trying to reach its store';
    return { cause, what: `${what}${lastExit(entries)}`, remedy: none(why) };
  }
  if (outcome.reason === 'foreign') {
    return noRestart('something else answers there; look at MONITOR_HEALTH_URL and API_PORT');
  }
  return { cause: outcome.reason, what: what + lastExit(entries), remedy: restartOnline(entries) };
}

function degradedVerdict({ outcome }: Observation): Verdict {
  const verdict = { subject: 'api.degraded', process: API, level: 'warn' } as const;
  const quiet = { cause: '', what: '', remedy: none('') };
  if (outcome.kind === 'no_answer' || outcome.status === 'unhealthy') {
    return { ...verdict, ...quiet, state: 'unknown' };
  }
  if (outcome.status === 'healthy') return { ...verdict, ...quiet, state: 'ok' };
  return {
    ...verdict,
    state: 'failing',
    cause: outcome.causes[0]?.code ?? 'degraded',
    what: `the API answers degraded: ${describe(outcome.causes)}`,
    remedy: none('it still serves'),
  };
}

function processVerdict(name: string, observation: Observation): Verdict {
  const verdict = { subject: `process.${name}`, process: name, level: 'error' } as const;
  const quiet = { cause: '', what: '', remedy: none('') };
  if (!observation.supervisor.reachable) return { ...verdict, ...quiet, state: 'unknown' };
  const entries = named(name, observation);
  const trouble = exitTrouble(name, entries);
  if (trouble !== null) return { ...verdict, ...trouble, state: 'failing' };
  // Being started or stopped says nothing yet; a process that PM2 does not list is not wanted.
  const steady = entries.every((one) => one.status === 'online');
  const silent = name === 'jobs' ? silentRunner(observation) : null;
  if (silent !== null && steady && entries.length > 0) {
    return {
      ...verdict,
      state: 'failing',
      cause: silent.code,
      what: `jobs lives but does not report: ${silent.message}`,
      remedy: restartOnline(entries),
    };
  }
  return { ...verdict, ...quiet, state: steady ? 'ok' : 'unknown' };
}

function memoryVerdict(name: string, observation: Observation, limitMb: number): Verdict {
  const verdict = { subject: `memory.${name}`, process: name, level: 'error' } as const;
  const quiet = { cause: '', what: '', remedy: none('') };
  if (!observation.supervisor.reachable) return { ...verdict, ...quiet, state: 'unknown' };
  const entries = named(name, observation);
  const sizes = entries.flatMap((one) => (one.memoryMb === null ? [] : [one.memoryMb]));
  const most = Math.max(0, ...sizes);
  if (most <= limitMb) {
    const seen = sizes.length > 0 || entries.length === 0;
    return { ...verdict, ...quiet, state: seen ? 'ok' : 'unknown' };
  }
  const [blocked] = name === API ? blockingCauses(observation) : [];
  return {
    ...verdict,
    state: 'failing',
    cause: 'memory_over_limit',
    what: `${name} uses ${Math.round(most)} MB with its children, the limit is ${limitMb} MB`,
    remedy:
      blocked !== undefined
        ? none(`a restart would not help: ${blocked.code}`)
        : RESTARTABLE.includes(name)
          ? restartOnline(entries)
          : none('the monitor does not restart itself; PM2 does (max_memory_restart)'),
  };
}

/** Only the API sees the runner's heartbeat. */
function silentRunner({ outcome }: Observation): Cause | null {
  if (outcome.kind !== 'answered') return null;
  return outcome.causes.find((one) => one.code === 'jobs_silent') ?? null;
}

/**
 * What PM2's list says of processes of which none is online; null when one is, or when
 * they are only just being started or stopped. PM2 shows a process that it will not start
 * again as `stopped`, `errored` or, with a back-off set, `waiting restart` with pid 0.
 */
function exitTrouble(name: string, entries: ProcessSample[]): Trouble | null {
  const [entry] = entries;
  if (entry === undefined || entries.some((one) => one.status === 'online')) return null;
  const { status, exitCode, pid } = entry;
  const final = pid === 0 && ['stopped', 'errored', 'waiting restart'].includes(status);
  const ended = exitCode !== null && exitCode !== 0;
  if (exitCode === 78 && final) {
    return {
      cause: 'exit_78',
      what: `${name} ended with exit code 78 (configuration), its last log line names the cure`,
      remedy: none('a restart would not help: correct the configuration, then pm2 restart it'),
    };
  }
  if (exitCode === 69 && status !== 'stopping') {
    return {
      cause: 'exit_69',
      what: `${name} ended with exit code 69 (store unreachable)`,
      remedy: none('a restart would not help; PM2 tries again until the store is back'),
    };
  }
  if (status === 'stopped' && final) {
    return {
      cause: 'stopped',
      what: `${name} is stopped in PM2 (last exit code ${exitCode ?? 'none'})`,
      remedy: none('stopped by hand, as it seems; pm2 start it when it is wanted'),
    };
  }
  if (final) {
    return {
      cause: 'given_up',
      what: `PM2 has given up on ${name} (${status}, last exit code ${exitCode ?? 'none'})`,
      remedy: RESTARTABLE.includes(name)
        ? { restart: true, generation: 'given up' }
        : none('the monitor does not restart itself'),
    };
  }
  if (status === 'waiting restart' || (status === 'launching' && ended)) {
    return {
      cause: 'crash_loop',
      what: `${name} keeps ending (last exit code ${exitCode ?? 'none'}, ${entry.restarts} restarts)`,
      remedy: none('PM2 restarts it by itself'),
    };
  }
  return null;
}

function restartOnline(entries: ProcessSample[]): Remedy {
  const online = entries.filter((one) => one.status === 'online' && one.pid > 0);
  if (online.length === 0) return none('PM2 is starting or stopping it');
  const pids = online.map((one) => one.pid).sort((a, b) => a - b);
  return { restart: true, generation: pids.join(',') };
}

function named(name: string, { supervisor }: Observation): ProcessSample[] {
  return supervisor.reachable ? supervisor.processes.filter((one) => one.name === name) : [];
}

function lastExit(entries: ProcessSample[]): string {
  const code = entries.find((one) => one.exitCode !== null && one.exitCode !== 0)?.exitCode;
  return code === undefined || code === null ? '' : ` (its last exit code was ${code})`;
}

function describe(causes: Cause[]): string {
  if (causes.length === 0) return 'no cause given';
  return causes.map(({ code, message }) => (message ? `${code} (${message})` : code)).join(', ');
}
