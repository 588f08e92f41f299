import { dirname } from 'node:path';
import type { Clock } from '../../src/clock.js';
import type { Config } from '../../src/config.js';
import { withDeadline } from '../../src/retry.js';
import { createDisks, type Disks } from './disks.js';
import { createLastWords } from './last-words.js';
import { createLives } from './life.js';
import { ownMb, wholeMb } from './memory.js';
import type {
  DaemonSample,
  DiskSample,
  HostView,
  ManagedProcess,
  Outcome,
  ProcessSample,
  SupervisorView,
} from './observation.js';
import { createOrphans, type Orphans } from './orphans.js';
import { createPortHolders } from './port-holder.js';
import { ageMs, readStat } from './proc.js';

/** Looks at the machine; remembers from look to look what tells a process from a stranger. */
export interface Host {
  /** What PM2 lists, with what is true of it. Never throws. */
  processes(listed: ManagedProcess[], daemon: DaemonSample | null): Promise<ProcessSample[]>;
  daemon(seen: Omit<DaemonSample, 'memoryMb'> | null): Promise<DaemonSample | null>;
  disks(): Promise<DiskSample[]>;
  /** What follows from the rest of the look. Never throws. */
  view(outcome: Outcome, supervisor: SupervisorView): Promise<Omit<HostView, 'disks'>>;
}

export interface HostOptions {
  clock: Clock;
  healthUrl: string;
  /** Folders whose disks are looked at. */
  folders: string[];
  disks?: Disks;
  orphans?: Orphans;
}

/** /proc answers at once, but for a process that is stuck in the kernel. */
const DEADLINE_MS = 2000;

/** The folders that our processes write to. */
export function foldersOf({ monitor, store, pm2Home }: Config): string[] {
  const ofStore = store.kind === 'sqlite' ? [dirname(store.sqlitePath)] : [];
  return [monitor.stateDir, ...ofStore, pm2Home];
}

export function createHost(options: HostOptions): Host {
  const { clock, healthUrl, folders } = options;
  const disks = options.disks ?? createDisks({ folders, clock });
  const orphans = options.orphans ?? createOrphans({ clock });
  const lastWords = createLastWords(clock);
  const portHolders = createPortHolders();
  const lives = createLives();

  async function sample(one: ManagedProcess, life: ProcessSample['life']): Promise<ProcessSample> {
    const stat = life === 'gone' ? null : readStat(one.pid);
    // PM2 knows its start by the wall clock alone, which may have been set since.
    const timed = { ...one, upMs: (stat && ageMs(stat)) ?? one.upMs };
    const memoryMb = life === 'gone' ? null : await wholeMb(one.pid);
    return { ...timed, memoryMb, life, lastWords: await lastWords.of(timed) };
  }

  async function look(outcome: Outcome, supervisor: SupervisorView) {
    const claimed = supervisor.reachable ? living(supervisor.processes) : [];
    const daemonPid = supervisor.daemon?.pid ?? null;
    return {
      orphans: await orphans.find(claimed),
      portHolder: isInQuestion(outcome, supervisor)
        ? await portHolders.find(healthUrl, daemonPid)
        : null,
    };
  }

  return {
    async processes(listed, daemon) {
      const daemonPid = daemon === null || daemon.life === 'gone' ? null : daemon.pid;
      const known = lives.of(listed, daemonPid);
      const samples: ProcessSample[] = [];
      for (const [index, one] of listed.entries()) {
        samples.push(await sample(one, known[index] ?? 'unknown'));
      }
      return samples;
    },
    async daemon(seen) {
      return seen && { ...seen, memoryMb: seen.life === 'gone' ? null : await ownMb(seen.pid) };
    },
    disks: () => disks.sample(),
    view: (outcome, supervisor) =>
      withDeadline(DEADLINE_MS, clock, () => look(outcome, supervisor)).catch(() => ({
        orphans: [],
        portHolder: null,
      })),
  };
}

function living(processes: ProcessSample[]): number[] {
  return processes.filter(({ life }) => life !== 'gone').map(({ pid }) => pid);
}

/** Whether it matters who has the port: somebody else answers there, or our API is given up. */
function isInQuestion(outcome: Outcome, supervisor: SupervisorView): boolean {
  if (outcome.kind === 'no_answer' && outcome.reason === 'foreign') return true;
  if (!supervisor.reachable) return false;
  const api = supervisor.processes.filter(({ name }) => name === 'api');
  if (outcome.kind === 'answered') {
    return outcome.pid !== null && !api.some(({ pid }) => pid === outcome.pid);
  }
  return api.length > 0 && api.every((one) => one.pid === 0 || one.exitCode === 78);
}
