import { closeSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { AppError } from '../../errors.js';
import { bytesOf, freeBytes } from './compact.js';
import type { Connection } from './connection.js';
import type { Db } from './db.js';
import { schemaVersion } from './migrations.js';

/** What a copy needs beside its own size, for the file system's sake. */
const ROOM = 1.05;

/** A copy of the store as of one moment. @throws AppError `backup_failed`; then nothing is left of it */
export function copyTo(connection: Connection, path: string): { bytes: number } {
  return connection.alone('copyTo', (db) => writeCopy(db, path));
}

/** Writes and checks a copy of a database, with what is in its log. Throws as `copyTo` does. */
export function writeCopy(db: Db, path: string): { bytes: number } {
  try {
    const needed = Math.ceil(ROOM * bytesOf(db));
    const free = freeBytes(path);
    if (free < needed) throw noRoom(path, needed, free);
    closeSync(openSync(path, 'wx', 0o600)); // SQLite takes an empty file, and would make a public one
    db.prepare('VACUUM INTO ?').run(path);
    checkCopy(path);
    sync(path);
    return { bytes: statSync(path).size };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') removeCopy(path);
    throw failed(path, error);
  }
}

/**
 * Whether a file is a whole database of ours that this code can use. Read as it stands.
 * @throws AppError `store_unusable`
 */
export function checkCopy(path: string): void {
  const refuse = (why: string, cause?: unknown) =>
    new AppError('store_unusable', `${path} is no backup: ${why}`, {
      ...{ cause, cure: 'take another backup' },
    });
  let db: Database.Database;
  try {
    db = new Database(path, { fileMustExist: true, readonly: true });
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  try {
    const found = db.pragma('quick_check(1)', { simple: true });
    if (found !== 'ok') throw refuse(String(found));
    if (schemaVersion(db, path) === 0) throw refuse('it has none of our tables');
  } catch (error) {
    throw error instanceof AppError ? error : refuse((error as Error).message, error);
  } finally {
    db.close();
  }
}

/** With what SQLite may have put beside it. */
export function removeCopy(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}

/** On the disk, not only in its cache. */
export function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function failed(path: string, error: unknown): AppError {
  if (error instanceof AppError && error.code === 'backup_failed') return error;
  const { message } = error as Error;
  return new AppError('backup_failed', `The backup ${path} could not be written: ${message}`, {
    ...{ cause: error, cure: 'see to the disk and to the folder that BACKUP_DIR names' },
  });
}

function noRoom(path: string, needed: number, free: number): AppError {
  const mb = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;
  return new AppError(
    'backup_failed',
    `The backup ${path} needs ${mb(needed)}, and the disk has ${mb(free)} free`,
    { cure: 'free space there, or name a folder of another disk in BACKUP_DIR' },
  );
}
