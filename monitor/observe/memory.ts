import { readdir, readFile } from 'node:fs/promises';
import pidusage from 'pidusage';

const BYTES_PER_MB = 1024 * 1024;
/** More descendants than any of our processes has; a bound on the walk, not on what is right. */
const MAX_DESCENDANTS = 200;

/** Resident memory of a process alone; null when it could not be read. Never throws. */
export async function ownMb(pid: number): Promise<number | null> {
  const bytes = pid > 0 ? await residentBytes(pid) : null;
  return bytes === null ? null : toMb(bytes);
}

/** Resident memory with all descendants; null when it could not be read. Never throws. */
export async function wholeMb(pid: number): Promise<number | null> {
  const own = pid > 0 ? await residentBytes(pid) : null;
  if (own === null) return null;
  const rest = await Promise.all((await descendants(pid)).map(residentBytes));
  return toMb(rest.reduce<number>((sum, one) => sum + (one ?? 0), own));
}

function toMb(bytes: number): number {
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
