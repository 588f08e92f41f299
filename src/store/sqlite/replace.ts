import { closeSync, existsSync, linkSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { type Clock, toIso } from '../../clock.js';
import { AppError } from '../../errors.js';
import type { Opener } from '../../open-files.js';
import { checkCopy, removeCopy, sync, writeCopy } from './copies.js';
import { type Db, readMeta } from './db.js';
import { isAlive, readLease } from './lease.js';
import { readHeartbeat } from './runner.js';

export interface ReplaceOptions {
  /** The database that is replaced, if it is there. */
  path: string;
  /** The backup. It stays. */
  from: string;
  /** Where the present database goes, whole. */
  aside: string;
  clock: Clock;
  openersOf: (paths: readonly string[]) => Opener[];
  holderIsDead: (holder: string) => boolean;
}

export interface Replacement {
  bytes: number;
  data_version: number;
  /** Null: there was none. */
  aside: string | null;
}

/** A runner beats every five seconds. */
const HEARTBEAT_MAX_AGE_MS = 20_000;
const SUFFIXES = ['', '-wal', '-shm'];
const LOCK_WAIT_MS = 1000;

/**
 * Puts a backup in the place of the database, which nobody may have open. The backup is copied
 * beside it and checked first; then one rename decides, so that whenever this is killed there is
 * a whole database in the place, the old one or the new one.
 *
 * @throws AppError `store_unusable` for what is no backup, `already_running` when somebody uses the
 * database, `backup_failed` when the copy cannot be written.
 */
export function replaceDatabase(options: ReplaceOptions): Replacement {
  const { path, from, aside } = options;
  checkCopy(from);
  refuseOpeners(options);
  const copy = `${path}.restoring`;
  removeCopy(copy); // of a restore that was killed
  const { bytes, data_version } = copyOf(from, copy);
  try {
    const there = existsSync(path);
    if (there) {
      closeOff(options);
      for (const suffix of SUFFIXES.slice(1)) moveIfThere(path + suffix, aside + suffix);
      linkSync(path, aside);
    }
    // What a log without its database left would be taken for the new one's.
    for (const suffix of SUFFIXES.slice(1)) rmSync(path + suffix, { force: true });
    renameSync(copy, path);
    sync(path);
    return { bytes, data_version, aside: there ? aside : null };
  } finally {
    removeCopy(copy);
  }
}

function copyOf(from: string, copy: string): Omit<Replacement, 'aside'> {
  const backup = new Database(from, { fileMustExist: true, readonly: true });
  try {
    return { ...writeCopy(backup, copy), data_version: readMeta(backup).data_version };
  } finally {
    backup.close();
  }
}

function refuseOpeners({ path, openersOf }: ReplaceOptions): void {
  const [first, ...others] = openersOf(SUFFIXES.map((suffix) => path + suffix));
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  throw inUse(`process ${first.pid} (${first.command})${more} has the database ${path} open`);
}

/**
 * Brings the log into the database, which SQLite does to its end only for one who is alone. A
 * database that is broken, which may be why a backup is wanted, is moved away as it is.
 */
function closeOff(options: ReplaceOptions): void {
  const { path } = options;
  if (!hasHeader(path)) return; // SQLite would throw its log away
  let db: Db | null = null;
  try {
    db = new Database(path, { fileMustExist: true, timeout: LOCK_WAIT_MS });
    refuseSignsOfLife(db, options);
    db.pragma('journal_mode = DELETE');
  } catch (error) {
    if (error instanceof AppError) throw error;
    const code = (error as { code?: string }).code ?? '';
    if (code.startsWith('SQLITE_BUSY'))
      throw inUse(`another process has the database ${path} open`);
  } finally {
    db?.close();
  }
}

function hasHeader(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(16);
    readSync(file, start, 0, start.length, 0);
    return start.toString('latin1') === 'SQLite format 3\0';
  } finally {
    closeSync(file);
  }
}

/** Of processes that cannot be seen from here: of another user, container or machine. */
function refuseSignsOfLife(db: Db, { clock, holderIsDead, path }: ReplaceOptions): void {
  const nowMs = clock.now();
  const lease = readLease(db);
  if (isAlive(lease, toIso(nowMs)) && !holderIsDead(lease.holder)) {
    throw inUse(`${lease.holder} is collecting into ${path} (until ${lease.expires_at} at least)`);
  }
  const beat = readHeartbeat(db);
  if (beat === null || holderIsDead(beat.holder)) return;
  if (Math.abs(nowMs - Date.parse(beat.at)) <= HEARTBEAT_MAX_AGE_MS) {
    throw inUse(`the jobs process ${beat.holder} reported to ${path} at ${beat.at}`);
  }
}

function moveIfThere(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

function inUse(what: string): AppError {
  return new AppError('already_running', `The database is in use: ${what}`, {
    cure: 'stop the system first (npm stop), then restore, then start it again',
  });
}
