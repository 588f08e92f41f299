import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { temporaryFolder } from './temp.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

/**
 * Keeps everybody else out of a database that nobody has open: not even reading is possible.
 * Answers what ends it, which the end of the test does as well.
 */
export function lockWhole(t: Teardown, path: string): () => void {
  const locker = new Database(path);
  locker.pragma('locking_mode = EXCLUSIVE');
  locker.exec('BEGIN IMMEDIATE; COMMIT');
  t.teardown(() => locker.close());
  return () => void locker.close();
}

/** A database path below a link whose disk is not mounted yet; `mount` brings the disk. */
export function unmountedDisk(t: Teardown): { path: string; mount: () => void; disk: string } {
  const folder = temporaryFolder(t);
  const disk = join(folder, 'disk');
  symlinkSync(disk, join(folder, 'data'));
  const mount = () => void (existsSync(disk) || mkdirSync(disk));
  return { path: join(folder, 'data', 'store.db'), mount, disk };
}
