import { fileURLToPath } from 'node:url';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { type Clock, toIso } from '../../src/clock.js';
import { lookAtDaemon } from './daemon.js';
import type { Orphan } from './observation.js';
import {
  ageMs,
  allStats,
  commandLine,
  environmentOf,
  type ProcStat,
  readStat,
  realPath,
  userOf,
} from './proc.js';

/** Our entry points by their PM2 names, as installed here. */
const ENTRIES = {
  api: fileURLToPath(new URL('../../src/main.js', import.meta.url)),
  jobs: fileURLToPath(new URL('../../jobs/main.js', import.meta.url)),
  monitor: fileURLToPath(new URL('../main.js', import.meta.url)),
};

/** All processes are looked at so often; in between only whether those that were found live on. */
const SEARCH_EVERY_MS = 60_000;
/** A younger one may be in the middle of being started. */
const MIN_AGE_MS = 10_000;

export interface OrphansOptions {
  clock: Clock;
  entries?: Record<string, string>;
  minAgeMs?: number;
}

export interface Orphans {
  /**
   * Processes that a PM2 started from our entry points and left behind when it died.
   *
   * @param claimed pids that our PM2 lists and that are its own
   */
  find(claimed: number[]): Promise<Orphan[]>;
}

type Found = Orphan & Pick<ProcStat, 'startTicks'>;

export function createOrphans(options: OrphansOptions): Orphans {
  const { clock } = options;
  let searchedAt = Number.NEGATIVE_INFINITY;
  let found: Found[] = [];
  return {
    async find(claimed) {
      if (clock.monotonic() - searchedAt >= SEARCH_EVERY_MS) {
        searchedAt = clock.monotonic();
        found = await search(options);
      }
      found = found.filter((one) => {
        const stat = readStat(one.pid);
        return stat?.startTicks === one.startTicks && stat.state !== 'Z';
      });
      return found
        .filter(({ pid }) => !claimed.includes(pid))
        .map(({ pid, name, startedAt }) => ({ pid, name, startedAt }));
    },
  };
}

async function search({
  clock,
  entries = ENTRIES,
  minAgeMs = MIN_AGE_MS,
}: OrphansOptions): Promise<Found[]> {
  const stats = new Map(allStats().map((one) => [one.pid, one]));
  const names = new Map(Object.entries(entries).map(([name, file]) => [realPath(file), name]));
  const found: Found[] = [];
  for (const stat of stats.values()) {
    if (!mayBeLeft(stat, stats)) continue;
    const age = ageMs(stat);
    if (age === null || age < minAgeMs) continue;
    const entry = await entryOf(stat);
    const name = entry && names.get(realPath(entry));
    if (!name) continue;
    const seconds = Math.round((clock.now() - age) / 1000);
    const { pid, startTicks } = stat;
    found.push({ pid, name, startTicks, startedAt: toIso(seconds * 1000) });
  }
  return found;
}

/**
 * PM2 gives a process in fork mode a session of its own, and keeps a worker in cluster mode in
 * the daemon's, which ends with the daemon. Who sits at a terminal, or in the session of
 * something that lives, was started by somebody else.
 */
function mayBeLeft(stat: ProcStat, all: Map<number, ProcStat>): boolean {
  if (stat.tty !== 0 || 'ZX'.includes(stat.state) || stat.pid === process.pid) return false;
  if (stat.session !== stat.pid && isThere(all.get(stat.session))) return false;
  return userOf(stat.pid) === process.getuid?.();
}

const isThere = (stat: ProcStat | undefined) => stat !== undefined && !'ZX'.includes(stat.state);

/** PM2's word, in cluster mode, for what a worker runs. */
const Worker = Type.Object({ pm_exec_path: Type.String() });
type Worker = Static<typeof Worker>;

/** The file that a PM2 started the process with; null when none did, or when that PM2 lives. */
async function entryOf({ pid, ppid, session }: ProcStat): Promise<string | null> {
  const environment = await environmentOf(pid);
  // Node takes the channel's number out of what its children inherit: this is PM2's own child.
  if (environment?.NODE_CHANNEL_FD === undefined) return null;
  const entry =
    session === pid ? environment.pm_exec_path : workerOf(environment.pm2_env)?.pm_exec_path;
  if (entry === undefined) return null;
  return (await isDaemon(ppid, environment.PM2_HOME)) ? null : entry;
}

function workerOf(text = ''): Worker | null {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Worker, value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether the parent is a PM2 that lives, ours or another: its daemon may well be process 1. */
async function isDaemon(parent: number, home: string | undefined): Promise<boolean> {
  const command = (await commandLine(parent))?.join(' ') ?? '';
  if (/God Daemon \(/.test(command)) return true;
  const daemon = home === undefined ? null : await lookAtDaemon(home);
  return daemon?.pid === parent && daemon.life !== 'gone';
}
