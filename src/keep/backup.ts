import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { AppError } from '../errors.js';
import { createFolder, syncFolder } from '../folder.js';
import type { KeepStore } from '../store/keep-store.js';
import { backupName, isToGo, type KeepRule, partialName } from './backup-names.js';

export interface BackupDeps {
  store: Pick<KeepStore, 'copyTo' | 'noteJobSuccess'>;
  clock: Clock;
  config: Pick<Config, 'backup' | 'store'>;
  /** When old ones are looked for again; 0: maybe never. */
  nextLookMs: number;
}

export interface BackupReport {
  file: string;
  bytes: number;
  /** Names of old ones, and of what a killed one left. */
  removed: string[];
}

/**
 * Writes a backup beside the others and removes those that are too old, also when the new one
 * fails: text that Reddit's users deleted lives on in them.
 *
 * @throws AppError `backup_failed`, with what was removed in `details.removed`
 */
export async function makeBackup(deps: BackupDeps): Promise<BackupReport> {
  const { store, clock, config, nextLookMs } = deps;
  const { dir, keepDays } = config.backup;
  const nowMs = clock.now();
  const name = backupName(nowMs);
  const database = basename(config.store.sqlitePath);
  const rule = { nowMs, keepDays, nextLookMs, database };
  const kept = resolve(config.store.sqlitePath);
  const clean = () => [dir, dirname(kept)].flatMap((at) => removeOld(at, rule, kept));
  try {
    createPrivateFolder(dir);
    const partial = join(dir, partialName(name, process.pid));
    const { bytes } = await store.copyTo(partial);
    renameSync(partial, join(dir, name));
    syncFolder(dir);
    const removed = clean();
    await store.noteJobSuccess('backup');
    return { file: join(dir, name), bytes, removed };
  } catch (error) {
    if (error instanceof AppError) error.details.removed = clean();
    throw error;
  }
}

function createPrivateFolder(dir: string): void {
  try {
    createFolder(dir);
  } catch (error) {
    throw new AppError('backup_failed', `The folder ${dir} cannot be made`, {
      ...{ cause: error, cure: 'point BACKUP_DIR at a folder that this user can write to' },
    });
  }
}

/** @param kept the database, which may be a backup that is used where it lies */
function removeOld(dir: string, rule: KeepRule, kept: string): string[] {
  const names = listed(dir).filter((name) => isToGo(name, rule) && resolve(dir, name) !== kept);
  for (const name of names) rmSync(join(dir, name), { force: true });
  return names;
}

function listed(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // why it cannot be used is said by what wanted to write there
  }
}
