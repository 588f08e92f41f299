import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A database and where it lies while it is away: on the same disk, so that moving is renaming. */
export interface MovableStore {
  path: string;
  awayFolder: string;
}

/**
 * The database before its log and index. So it is the first to go and the last to come back,
 * and at no moment can anybody open it without the commits that only its log has.
 */
const SUFFIXES = ['', '-wal', '-shm'];

function moveFile(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // Who closes the last connection removes the log.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || existsSync(from)) throw error;
  }
}

const away = ({ path, awayFolder }: MovableStore) => join(awayFolder, basename(path));

export function moveAway(store: MovableStore): void {
  mkdirSync(store.awayFolder, { recursive: true, mode: 0o700 });
  for (const suffix of SUFFIXES) moveFile(store.path + suffix, away(store) + suffix);
}

/**
 * Also after a move that broke off, and twice. A database that somebody made in its place
 * meanwhile is kept beside it. False: there was nothing to put back.
 */
export function putBack(store: MovableStore): boolean {
  if (!SUFFIXES.some((suffix) => existsSync(away(store) + suffix))) return false;
  if (existsSync(away(store)) && existsSync(store.path)) {
    moveAway({ path: store.path, awayFolder: join(store.awayFolder, 'made-meanwhile') });
  }
  for (const suffix of SUFFIXES.toReversed()) moveFile(away(store) + suffix, store.path + suffix);
  return true;
}

/**
 * Has the database away while `work` goes on. Whatever ends that puts it back, also the end of
 * this process, unless that is SIGKILL.
 */
export async function whileAway<T>(store: MovableStore, work: () => Promise<T>): Promise<T> {
  const atEnd = () => void putBack(store);
  const hangUp = () => process.exit(129); // the terminal has gone
  process.once('exit', atEnd);
  process.once('SIGHUP', hangUp);
  try {
    moveAway(store);
    return await work();
  } finally {
    putBack(store);
    process.off('exit', atEnd);
    process.off('SIGHUP', hangUp);
  }
}
