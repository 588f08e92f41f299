import { readdirSync, readFileSync } from 'node:fs';

/**
 * The live processes whose environment has `key=value`: what a test started, and all that
 * came of it, also what has lost its parent. From proc(5); zombies do not count.
 */
export function marked(key: string, value: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const environment = read(`/proc/${name}/environ`).split('\0');
      if (!environment.includes(`${key}=${value}`)) return [];
      if (/\) [ZX] /.test(read(`/proc/${name}/stat`))) return [];
      const command = read(`/proc/${name}/cmdline`).replaceAll('\0', ' ').trim();
      return [{ pid: Number(name), command }];
    });
}

/** A process that has ended meanwhile is what was wanted. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone, or another user's
  }
}
