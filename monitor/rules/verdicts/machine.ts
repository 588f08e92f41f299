import { forecast } from '../leak.js';
import { named } from '../../observe/listed.js';
import { API, RESTARTABLE } from '../ours.js';
import { processMemory } from '../state.js';
import {
  failing,
  noRestart,
  obstacle,
  ok,
  restartOnline,
  type Seen,
  unknown,
  type Verdict,
} from './verdict.js';
import { duration } from '../../text.js';

export function supervisorVerdict({ observation: { supervisor } }: Seen): Verdict {
  const subject = { subject: 'pm2', process: null, level: 'error' } as const;
  if (supervisor.reachable) return ok(subject);
  return failing(subject, {
    cause: 'pm2_unreachable',
    what: `PM2 cannot be reached: ${supervisor.reason}`,
    remedy: noRestart('the monitor starts no PM2; start it with npm start'),
  });
}

export function diskVerdict({ observation: { host }, policy }: Seen): Verdict {
  const subject = { subject: 'disk', process: null, level: 'warn' } as const;
  if (host.disks.length === 0) return unknown(subject);
  const low = host.disks.filter(({ freeMb }) => freeMb < policy.minFreeMb);
  if (low.length === 0) return ok(subject);
  const places = low.map(({ path, freeMb }) => `${Math.floor(freeMb)} MB at ${path}`).join(', ');
  return failing(subject, {
    cause: 'disk_low',
    what: `little disk is free: ${places}; the store's daily clean-up needs twice its size`,
    remedy: noRestart('a restart frees nothing; make room'),
  });
}

export function orphanVerdict({ observation: { host } }: Seen): Verdict {
  const subject = { subject: 'orphans', process: null, level: 'warn' } as const;
  const [first] = host.orphans;
  if (first === undefined) return ok(subject);
  const list = host.orphans.map(
    ({ name, pid, startedAt }) => `${name} (pid ${pid}, since ${startedAt})`,
  );
  return failing(subject, {
    cause: 'orphan',
    what: `a PM2 that died has left processes of ours behind: ${list.join(', ')}`,
    remedy: noRestart(`end what is left: kill ${host.orphans.map(({ pid }) => pid).join(' ')}`),
  });
}

export function memoryVerdict(name: string, { observation, policy }: Seen): Verdict {
  const subject = { subject: `memory.${name}`, process: name, level: 'error' } as const;
  if (!observation.supervisor.reachable) return unknown(subject);
  const entries = named(name, observation);
  const sizes = entries.flatMap((one) => (one.memoryMb === null ? [] : [one.memoryMb]));
  const most = Math.max(0, ...sizes);
  if (most <= policy.memoryLimitMb) {
    return sizes.length > 0 || entries.length === 0 ? ok(subject) : unknown(subject);
  }
  const why = name === API ? obstacle(observation) : null;
  return failing(subject, {
    cause: 'memory_over_limit',
    what: `${name} uses ${Math.round(most)} MB with its children, the limit is ${policy.memoryLimitMb} MB`,
    remedy:
      why !== null
        ? noRestart(why)
        : RESTARTABLE.includes(name)
          ? restartOnline(entries, false)
          : noRestart('the monitor does not restart itself; PM2 does (max_memory_restart)'),
  });
}

/** PM2's own process, which nothing else watches. */
export function daemonMemoryVerdict({ observation: { supervisor }, policy }: Seen): Verdict {
  const subject = { subject: 'memory.pm2', process: null, level: 'warn' } as const;
  const memoryMb = supervisor.daemon?.memoryMb ?? null;
  if (memoryMb === null) return unknown(subject);
  if (memoryMb <= policy.memoryLimitMb) return ok(subject);
  return failing(subject, {
    cause: 'pm2_memory',
    what: `PM2 itself uses ${Math.round(memoryMb)} MB, the limit is ${policy.memoryLimitMb} MB`,
    remedy: noRestart('restarting PM2 ends all it runs; do it in a quiet hour'),
  });
}

/** Tells before the limit is reached; what is over it is `memory.NAME`. */
export function leakVerdict(name: string, { observation, state, policy }: Seen): Verdict {
  const subject = { subject: `leak.${name}`, process: name, level: 'warn' } as const;
  if (!observation.supervisor.reachable) return unknown(subject);
  const entries = named(name, observation);
  // What PM2 does not list any more grows no further; of one that is down it is not known.
  if (entries.length === 0) return ok(subject);
  const { memory } = processMemory(state, name);
  if (memory === null || entries.every((one) => one.memoryMb === null)) return unknown(subject);
  const leak = forecast(memory, policy.memoryLimitMb);
  if (leak === null) return ok(subject);
  const { slopeMbPerMinute, minutesToLimit, nowMb } = leak;
  return failing(subject, {
    cause: 'memory_leak',
    what:
      `${name} grows by ${slopeMbPerMinute.toFixed(1)} MB a minute and uses ${Math.round(nowMb)} MB: ` +
      `at ${policy.memoryLimitMb} MB in about ${duration(minutesToLimit * 60_000)}`,
    remedy: noRestart('it still serves; at the limit it is restarted'),
  });
}
