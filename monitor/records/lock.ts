import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder } from '../../src/folder.js';
import { AppError } from '../../src/errors.js';
import { holderIsDead, holderName } from '../../src/holder.js';

export interface Lock {
  /** Idempotent; leaves alone a lock that is not ours any more. */
  release(): Promise<void>;
}

/** A stale lock is taken over at most so often before somebody else is faster for good. */
const MAX_ATTEMPTS = 3;

/**
 * One monitor to a folder. The file appears whole or not at all (a hard link), so that two
 * starting monitors cannot both have it.
 *
 * @throws AppError `already_running`, naming the holder's pid; `config_invalid` when the
 *   folder cannot be written.
 */
export async function acquireLock(folder: string): Promise<Lock> {
  const path = join(folder, 'monitor.lock');
  const mine = holderName();
  const draft = `${path}.${process.pid}`;
  try {
    createFolder(folder);
    await writeFile(draft, mine, { mode: 0o600 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new AppError(
      'config_invalid',
      `MONITOR_STATE_DIR ${folder} cannot be written (${code})`,
      {
        cause: error,
        cure: 'make it writable for this user, or set MONITOR_STATE_DIR to a folder that is',
      },
    );
  }
  try {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      if (await created(draft, path)) return { release: () => release(path, mine) };
      const holder = await holderOf(path);
      if (holder === null) continue; // released in this moment
      if (!isDead(holder)) throw alreadyRunning(path, holder);
      await removeStale(path, holder);
    }
    throw alreadyRunning(path, (await holderOf(path)) ?? '');
  } finally {
    await rm(draft, { force: true });
  }
}

async function created(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null);
}

/**
 * Moved away first and looked at then: when another monitor took the stale lock over in
 * between, it is that one's fresh lock that was moved, and it is put back.
 */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  if ((await holderOf(aside)) !== stale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

/** Where start times cannot be compared, a pid that does not exist settles it. */
function isDead(holder: string): boolean {
  if (holderIsDead(holder)) return true;
  const pid = pidOf(holder);
  if (pid === null) return true; // not a lock that a monitor wrote whole
  const comparable = holder.split(':')[2] !== '0';
  if (comparable) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function pidOf(holder: string): number | null {
  const pid = Number(holder.split(':')[1]);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}

function alreadyRunning(path: string, holder: string): AppError {
  const pid = pidOf(holder);
  return new AppError('already_running', `another monitor runs (pid ${pid ?? 'unknown'})`, {
    cure: `end it first, or give this one another MONITOR_STATE_DIR; if none runs, remove ${path}`,
    details: { holder },
  });
}

async function release(path: string, mine: string): Promise<void> {
  if ((await holderOf(path)) === mine) await rm(path, { force: true });
}
