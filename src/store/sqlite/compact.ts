import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { toIso } from '../../clock.js';
import type { Compaction } from '../keep-store.js';
import type { Connection } from './connection.js';
import type { Db } from './db.js';
import { isAlive, readLease } from './lease.js';

/**
 * VACUUM writes the database anew twice, into a temporary file and from there into the log; the
 * rest is for what others write meanwhile.
 */
const ROOM = 2.2;

/** For whoever may write to the disk that a file is on. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}

export function bytesOf(db: Db): number {
  const pragma = (name: string) => db.pragma(name, { simple: true }) as number;
  return pragma('page_count') * pragma('page_size');
}

/** @param free bytes on the disk of the database */
export function compact(connection: Connection, nowMs: number, free: () => number): Compaction {
  const found = connection.read('compact', (db) => ({
    lease: readLease(db),
    bytes: bytesOf(db),
  }));
  if (isAlive(found.lease, toIso(nowMs))) return { status: 'busy', by: found.lease.holder };
  const needed = Math.ceil(found.bytes * ROOM);
  const bytesFree = free();
  if (bytesFree < needed) {
    return { status: 'no_space', bytes_needed: needed, bytes_free: bytesFree };
  }
  const after = connection.alone('vacuum', (db) => {
    db.exec('VACUUM');
    return bytesOf(db);
  });
  return { status: 'done', bytes_before: found.bytes, bytes_after: after };
}
