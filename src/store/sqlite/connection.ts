import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../clock.js';
import { AppError } from '../../errors.js';
import { createFolder } from '../../folder.js';
import { cannotCreate, classify, missing, whyNotOpen } from './classify.js';
import type { Db } from './db.js';
import { migrate } from './migrations.js';

/**
 * What the first opening may create; later ones create nothing. `tables`: the file has been
 * seen, so when it is gone it has vanished, and an empty one in its place would be a lie.
 */
export type Creation = 'nothing' | 'tables' | 'everything';

export interface ConnectionOptions {
  path: string;
  /** How long a call waits for another connection's lock. */
  busyTimeoutMs: number;
  create: Creation;
  clock: Clock;
  /** Told of calls over SLOW_MS. */
  onSlow: (shape: string, ms: number) => void;
  /** Told before a database of an older release is brought on, in the opening. */
  onUpgrade?: () => void;
}

/**
 * One connection that opens itself when needed and again after a failure. Each call first
 * makes sure that the file at the path is still the one that is open: without this a moved
 * file would go on being read, and written to, by us alone.
 */
export interface Connection {
  readonly path: string;
  /** @throws AppError whose `details.seen` says whether there is a file all the same. */
  open(): void;
  /** Runs `work` on one snapshot. */
  read<T>(shape: string, work: (db: Db) => T): T;
  /** Runs `work` in one immediate transaction: taking the lock late would end in SQLITE_BUSY. */
  write<T>(shape: string, work: (db: Db) => T): T;
  /** Runs `work` outside any transaction, where SQLite does it only there; it may take long. */
  alone<T>(shape: string, work: (db: Db) => T): T;
  /**
   * Moves the write-ahead log into the database and empties it; false: it could not. Never throws.
   */
  checkpoint(): boolean;
  /** Lets go of the files; the next call opens them again. */
  release(): void;
  close(): void;
}

/** Calls over this are logged with their shape. */
const SLOW_MS = 1000;
/** A checkpoint gives way to readers after this. */
const CHECKPOINT_WAIT_MS = 200;

export function createConnection(options: ConnectionOptions): Connection {
  const { path, clock, onSlow } = options;
  let handle: Handle | null = null;
  let create = options.create;
  let closed = false;

  const ensure = (): Db => {
    if (closed) throw new AppError('store_unreachable', 'The store is closed');
    if (handle !== null) {
      const found = identities(path);
      if (isSame(handle.files, found)) return handle.db;
      const vanished = handle.files.some((file, index) => file !== '' && file !== found[index]);
      drop();
      if (vanished) throw missing(path, ', or its -wal or -shm file, is not there any more');
    }
    handle = openDatabase(path, options, create);
    create = 'nothing';
    return handle.db;
  };

  // SQLite leaves the log alone when the file has moved, so closing a stale handle is safe.
  const drop = () => {
    const { db } = handle ?? {};
    handle = null;
    try {
      db?.close();
    } catch {
      // The failure that made us close it is the one to report.
    }
  };

  const guarded = <T>(shape: string, call: (db: Db) => T, slowMs = SLOW_MS): T => {
    const began = clock.monotonic();
    try {
      return call(ensure());
    } catch (error) {
      const known = classify(error, path);
      // A handle that met a broken file must not be used again when the file is mended.
      if (known instanceof AppError && /^store_un/.test(known.code)) drop();
      throw known;
    } finally {
      const ms = Math.round(clock.monotonic() - began);
      if (ms > slowMs) onSlow(shape, ms);
    }
  };

  return {
    path,
    open: () => {
      try {
        guarded('open', (db) => db.open);
      } catch (error) {
        if (error instanceof AppError) error.details.seen = isThere(path);
        throw error;
      }
    },
    read: (shape, work) => guarded(shape, (db) => db.transaction(() => work(db)).deferred()),
    write: (shape, work) => guarded(shape, (db) => db.transaction(() => work(db)).immediate()),
    alone: (shape, work) => guarded(shape, work, Number.POSITIVE_INFINITY),
    checkpoint: () => {
      try {
        return guarded('checkpoint', (db) => emptyLog(db, options.busyTimeoutMs));
      } catch {
        return false; // what came before is committed; whatever is wrong, the next call reports it
      }
    },
    release: drop,
    close: () => {
      closed = true;
      drop();
    },
  };
}

/** False: a reader still needs it. */
function emptyLog(db: Db, busyTimeoutMs: number): boolean {
  db.pragma(`busy_timeout = ${CHECKPOINT_WAIT_MS}`);
  try {
    return db.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) === 0;
  } finally {
    db.pragma(`busy_timeout = ${busyTimeoutMs}`);
  }
}

interface Handle {
  db: Db;
  /** Identity of the database file and of the log and index beside it. */
  files: string[];
}

/**
 * SQLite works on three files; one that was removed or replaced under us would leave us
 * reading and writing by ourselves what nobody else sees. One that appears later is not
 * necessarily ours either: another process that closes at the wrong moment removes the ones we
 * have just made, and the next makes its own. So then the database is opened again.
 */
const SUFFIXES = ['', '-wal', '-shm'];

function identities(path: string): string[] {
  return SUFFIXES.map((suffix) => fileIdentity(path + suffix));
}

function isSame(before: string[], now: string[]): boolean {
  return before.every((file, index) => file === now[index]);
}

/** Device and inode of the file at the path; empty when there is none. */
function fileIdentity(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? '' : `${stat.dev}:${stat.ino}`;
}

function isEmpty(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === 0;
}

function isThere(path: string): boolean {
  try {
    return fileIdentity(path) !== '';
  } catch {
    return false; // what cannot be looked at has not been seen
  }
}

function makeFolder(folder: string, path: string): void {
  try {
    createFolder(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A disk that is not mounted yet, mostly.
    if (code === 'EEXIST') throw missing(path, ' lies behind a link to a place that is not there');
    if (code === 'ENOENT') throw cannotCreate(path, error);
    throw error;
  }
}

function openDatabase(path: string, options: ConnectionOptions, create: Creation): Handle {
  const { busyTimeoutMs, onUpgrade } = options;
  if (create === 'everything') makeFolder(dirname(path), path);
  else if (fileIdentity(path) === '') throw missing(path, ' is not there');
  // Opening it as a database would write into it, and take the log of the one it stands for.
  else if (create === 'nothing' && isEmpty(path)) throw missing(path, ' is empty');
  const unusable = whyNotOpen(path);
  if (unusable !== null) throw unusable;
  const fileMustExist = create !== 'everything';
  const db = new Database(path, { timeout: busyTimeoutMs, fileMustExist });
  try {
    useWriteAheadLog(db, busyTimeoutMs);
    // FULL, not NORMAL: a killed process loses nothing with either, but only FULL keeps the
    // last commits through a power failure, and at a few hundred commits in half an hour its
    // fsync costs next to nothing. (Losing them would still be consistent: the watermark
    // goes back with the items, and the next cycle collects them again.)
    db.pragma('synchronous = FULL');
    db.pragma('secure_delete = ON');
    db.pragma('foreign_keys = OFF'); // a comment's post may be missing
    db.pragma('journal_size_limit = 16777216');
    migrate(db, path, { mayCreate: create !== 'nothing', onUpgrade });
    return { db, files: identities(path) };
  } catch (error) {
    db.close();
    throw error;
  }
}

const SWITCH_STEP_MS = 25;

/**
 * Two processes that make the switch at once deadlock, which SQLite reports without waiting;
 * so this waits itself, for `busyTimeoutMs` in all.
 */
function useWriteAheadLog(db: Db, busyTimeoutMs: number): void {
  db.pragma(`busy_timeout = ${SWITCH_STEP_MS}`);
  for (let waitedMs = 0; ; waitedMs += 2 * SWITCH_STEP_MS) {
    try {
      if (db.pragma('journal_mode', { simple: true }) !== 'wal') db.pragma('journal_mode = WAL');
      break;
    } catch (error) {
      const busy = (error as { code?: string }).code?.startsWith('SQLITE_BUSY') ?? false;
      if (!busy || waitedMs >= busyTimeoutMs) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SWITCH_STEP_MS);
    }
  }
  db.pragma(`busy_timeout = ${busyTimeoutMs}`);
}
