import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface Opener {
  pid: number;
  command: string;
}

const COMMAND_LENGTH = 120;

/**
 * Other processes that have one of the files open, as far as this user may see them in /proc; none
 * where there is no such thing.
 */
export function openersOf(paths: readonly string[]): Opener[] {
  const wanted = new Set(paths.map(realPath));
  return listed('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => openFiles(pid).some((file) => wanted.has(file)))
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }));
}

/** Of a file that may not be there: links in its folder's path are followed all the same. */
function realPath(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

function openFiles(pid: string): string[] {
  return listed(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return []; // closed meanwhile
    }
  });
}

function commandOf(pid: string): string {
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return words.join(' ').trim().slice(0, COMMAND_LENGTH);
  } catch {
    return 'unknown';
  }
}

/** Empty for what is gone, or not ours to look at. */
function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
