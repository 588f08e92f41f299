import { readdir, readFile } from 'node:fs/promises';
import pidusage from 'pidusage';
import type { ManagedProcess, ProcessSample } from './observation.js';

const BYTES_PER_MB = 1024 * 1024;
/** More descendants than any of our processes has; a bound on the walk, not on what is right. */
const MAX_DESCENDANTS = 200;

/** Adds the resident memory of each process and all its descendants. Never throws. */
export async function sampleMemory(processes: ManagedProcess[]): Promise<ProcessSample[]> {
  return Promise.all(
    processes.map(async (one) => ({
      ...one,
      memoryMb: await residentMb(one.pid),
      life: 'unknown' as const,
      lastWords: null,
    })),
  );
}

async function residentMb(pid: number): Promise<number | null> {
  if (pid <= 0) return null;
  const own = await residentBytes(pid);
  if (own === null) return null;
  const rest = await Promise.all((await descendants(pid)).map(residentBytes));
  const bytes = rest.reduce<number>((sum, one) => sum + (one ?? 0), own);
  return Math.round((bytes / BYTES_PER_MB) * 10) / 10;
}

/** Null for a process that is gone, is a zombie (0 bytes) or cannot be read. */
async function residentBytes(pid: number): Promise<number | null> {
  try {
    // Typed as always there, yet null for a pid that died in between.
    const stat = (await pidusage(pid)) as pidusage.Status | null;
    return stat !== null && stat.memory > 0 ? stat.memory : null;
  } catch {
    return null;
  }
}

/** Where /proc does not list children (other systems), a process counts without them. */
async function descendants(root: number): Promise<number[]> {
  const found: number[] = [];
  for (let parents = [root]; parents.length > 0 && found.length < MAX_DESCENDANTS; ) {
    parents = (await Promise.all(parents.map(childrenOf))).flat();
    found.push(...parents);
  }
  return found.slice(0, MAX_DESCENDANTS);
}

async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) =>
      readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => ''),
    ),
  );
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}
