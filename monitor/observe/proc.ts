import { readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/**
 * What /proc says of processes (proc(5)). Everything answers null or nothing where there is no
 * /proc, where it hides the process, or when the process ends meanwhile; nothing throws.
 */
export interface ProcStat {
  pid: number;
  /** R, S, D, T (stopped), t (traced), Z (zombie), X (dead), I. */
  state: string;
  ppid: number;
  session: number;
  /** 0 without a controlling terminal. */
  tty: number;
  threads: number;
  /** Clock ticks after boot at which it started: with the pid, its name for ever. */
  startTicks: number;
}

/** USER_HZ: what the kernel shows to programs is in hundredths of a second on every platform of ours. */
const TICK_MS = 10;

export function readStat(pid: number): ProcStat | null {
  if (!(pid > 0)) return null;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' '); // from field 3 on
    const number = (index: number) => Number(fields[index]);
    return {
      pid,
      state: fields[0] ?? '',
      ppid: number(1),
      session: number(3),
      tty: number(4),
      threads: number(17),
      startTicks: number(19),
    };
  } catch {
    return null;
  }
}

/** Not of the wall clock: how long ago a process started, whoever sets the clock. */
export function ageMs({ startTicks }: ProcStat): number | null {
  try {
    const uptimeMs = Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000;
    return Math.max(0, Math.round(uptimeMs - startTicks * TICK_MS));
  } catch {
    return null;
  }
}

export function allPids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

export function allStats(): ProcStat[] {
  return allPids().flatMap((pid) => readStat(pid) ?? []);
}

/** The user as whom a process runs. */
export function userOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
}

/** /proc/NUMBER also answers for a thread of another process; only a process is its own group. */
export function isThreadOfAnother(pid: number): boolean {
  try {
    const group = /^Tgid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return group !== undefined && Number(group) !== pid;
  } catch {
    return false;
  }
}

/**
 * Arguments, or the title that the process has given itself as the only one; null when it
 * cannot be read. Asynchronous, as these two wait for a process that is stuck in the kernel.
 */
export async function commandLine(pid: number): Promise<string[] | null> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
  return (
    text
      ?.split('\0')
      .map((part) => part.trim())
      .filter(Boolean) ?? null
  );
}

/** The environment it was started with; null when this user may not see it. */
export async function environmentOf(pid: number): Promise<Record<string, string> | null> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => null);
  if (text === null) return null;
  const environment: Record<string, string> = {};
  for (const pair of text.split('\0')) {
    const at = pair.indexOf('=');
    if (at > 0) environment[pair.slice(0, at)] = pair.slice(at + 1);
  }
  return environment;
}

/** Inodes of the sockets a process holds; null when this user may not see them. */
export function socketInodes(pid: number): Set<string> | null {
  try {
    const folder = `/proc/${pid}/fd`;
    const inodes = readdirSync(folder).map((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(folder, fd)));
    return new Set(inodes.flatMap((match) => match?.[1] ?? []));
  } catch {
    return null;
  }
}

function linkOf(folder: string, fd: string): string {
  try {
    return readlinkSync(`${folder}/${fd}`);
  } catch {
    return ''; // closed meanwhile
  }
}

/** Lines of a table such as /proc/net/tcp, without its heading. */
export function readTable(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

/** The same for each name of a file; the name itself where there is none. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
