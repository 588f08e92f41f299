import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { withDeadline } from '../../src/retry.js';
import type { DiskSample } from './observation.js';

/** A local disk answers within microseconds; one behind a network may never. */
const DEADLINE_MS = 1000;
const BYTES_PER_MB = 1024 * 1024;

export interface Disks {
  /** Free space of each disk once, for the first of the folders on it. Never throws. */
  sample(): Promise<DiskSample[]>;
}

interface Measured {
  device: number;
  freeMb: number;
}

export interface DisksOptions {
  /** Where one does not exist yet, its nearest parent that does counts. */
  folders: string[];
  clock: Clock;
  /** How one folder is measured; rejects with ENOENT where there is none. */
  measure?: (folder: string) => Promise<Measured>;
}

export function createDisks({ folders, clock, measure = free }: DisksOptions): Disks {
  /** Each takes a thread until its disk answers, so none is asked again before. */
  const waiting = new Set<string>();

  async function ask(path: string): Promise<Measured | null> {
    if (waiting.has(path)) return null;
    waiting.add(path);
    const work = nearest(path, measure).finally(() => waiting.delete(path));
    return withDeadline(DEADLINE_MS, clock, () => work).catch(() => null);
  }

  return {
    async sample() {
      const answers = await Promise.all(
        folders.map(async (path) => ({ path, disk: await ask(path) })),
      );
      const byDevice = new Map<number, DiskSample>();
      for (const { path, disk } of answers) {
        if (disk === null || byDevice.has(disk.device)) continue;
        byDevice.set(disk.device, { path, freeMb: disk.freeMb });
      }
      return [...byDevice.values()];
    },
  };
}

async function nearest(path: string, measure: (folder: string) => Promise<Measured>) {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      return await measure(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if ((code !== 'ENOENT' && code !== 'ENOTDIR') || folder === dirname(folder)) throw error;
    }
  }
}

/** Free for programs without privileges. */
async function free(folder: string): Promise<Measured> {
  const [{ dev }, { bavail, bsize }] = await Promise.all([stat(folder), statfs(folder)]);
  return { device: dev, freeMb: Math.floor((bavail * bsize) / BYTES_PER_MB) };
}
