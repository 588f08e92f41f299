import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import { withDeadline } from '../../src/retry.js';
import { openHistory } from './history.js';
import { openJournal } from './journal.js';
import type { JournalEntry } from './journal-entry.js';
import type { Observation, Silence } from '../observe/observation.js';
import { silenceReader } from './silence.js';
import type { State } from '../rules/state.js';
import { stateFile } from './state-file.js';

/** What the monitor keeps in MONITOR_STATE_DIR. A disk that is full or hangs stops none of it. */
export interface Files {
  /** The given state with what was saved. */
  restore: (state: State) => Promise<State>;
  save: (state: State) => Promise<void>;
  /** To the journal of incidents. */
  append(entries: JournalEntry[]): Promise<void>;
  /** To the history of observations. */
  record(observation: Observation): Promise<void>;
  /** Silences in force now. */
  silences(): Promise<Silence[]>;
  /** When what is being written is written, or a moment later. */
  idle(): Promise<void>;
}

export interface FilesOptions {
  folder: string;
  clock: Clock;
  log: Log;
  /** PM2 has restarted a process by then. */
  restartMs: number;
  /** Reads all and writes nothing. */
  readOnly: boolean;
}

/** Nothing of this waits longer for the disk. */
const DISK_MS = 2000;

export function openFiles(options: FilesOptions): Files {
  const { folder, clock, log, readOnly, restartMs } = options;
  const file = stateFile(folder, clock, log, restartMs);
  const journal = openJournal({ folder, clock, log });
  const history = openHistory({ folder, clock, log });
  const silences = silenceReader(folder, log);
  const disk = patience(clock, log);
  const write = async (what: string, work: () => Promise<void>) => {
    if (!readOnly) await disk.run(what, work);
  };
  return {
    restore: (state) => file.restore(state),
    save: (state) => write('state', () => file.save(state)),
    append: (entries) => write('journal', () => journal.append(entries)),
    record: (observation) => write('history', () => history.record(observation)),
    silences: async () => (await disk.run('silences', () => silences(clock.now()))) ?? [],
    idle: () => disk.idle(),
  };
}

interface Patience {
  /** Waits no longer than a moment; null: late, or the same still hangs from before. */
  run<T>(what: string, work: () => Promise<T>): Promise<T | null>;
  /** When what is under way has ended, or a moment later. Never throws. */
  idle(): Promise<void>;
}

/** What is to be done on a disk that may hang. */
function patience(clock: Clock, log: Log): Patience {
  const underWay = new Map<string, Promise<unknown>>();
  return {
    async run(what, work) {
      if (underWay.has(what)) return null;
      const done = work().finally(() => underWay.delete(what));
      done.catch(() => undefined);
      underWay.set(what, done);
      try {
        return await withDeadline(DISK_MS, clock, () => done);
      } catch (error) {
        log.error({ err: error, what }, `the disk of MONITOR_STATE_DIR hangs (${what})`);
        return null;
      }
    },
    async idle() {
      const all = Promise.allSettled(underWay.values());
      await withDeadline(DISK_MS, clock, () => all).catch(() => undefined);
    },
  };
}
