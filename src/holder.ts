import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Names a process so that another one on the same machine can tell whether it still
 * lives: `host:pid:start:boot`. The start time guards against a reused pid, the boot id
 * against a reboot. Where /proc does not exist the last two are `0`, and nobody is ever
 * declared dead: the lease's expiry decides.
 */
export function holderName(pid: number = process.pid): string {
  return [hostname(), pid, startTicks(pid) ?? '0', bootId()].join(':');
}

/** True only when the holder ran on this machine and certainly does not any more. */
export function holderIsDead(holder: string): boolean {
  const [host, pid, start, boot] = holder.split(':');
  if (host !== hostname() || start === undefined || start === '0') return false;
  if (boot !== bootId()) return boot !== '0';
  const now = startTicks(Number(pid));
  return now === null ? !exists(Number(pid)) : now !== start;
}

/** Also where /proc hides other users' processes (`ProtectProc=invisible`): EPERM means it lives. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Clock ticks after boot at which a process started (proc(5), field 22), `zombie`, or null if unknown. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on
    return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
  } catch {
    return '0';
  }
}
