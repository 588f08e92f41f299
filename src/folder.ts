import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates a folder, for its owner alone, and those above it. Folder by folder: Node's
 * recursive `mkdirSync` never returns where a file system answers ENOENT below a folder
 * that exists, as /proc does.
 *
 * @throws the file system's error; EEXIST for a link that leads nowhere
 */
export function createFolder(folder: string): void {
  if (existsSync(folder)) return;
  createFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const made = (error as NodeJS.ErrnoException).code === 'EEXIST' && existsSync(folder);
    if (!made) throw error;
  }
}

/** A file's name is on the disk, not only in its cache, when its folder is. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
