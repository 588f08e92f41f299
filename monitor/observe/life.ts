import { exists } from '../../src/holder.js';
import type { Life, ManagedProcess } from './observation.js';
import { isThreadOfAnother, type ProcStat, readStat } from './proc.js';

/** Whether a pid lives, whosever it is. */
export function lifeOf(pid: number, stat: ProcStat | null = readStat(pid)): Life {
  if (!(pid > 0)) return 'gone';
  if (stat === null) return exists(pid) ? 'unknown' : 'gone';
  // A first thread that has ended is shown as a zombie while the others still hold everything.
  if ('ZXx'.includes(stat.state)) return stat.threads > 1 ? 'running' : 'gone';
  return 'Tt'.includes(stat.state) ? 'suspended' : 'running';
}

/**
 * Tells the processes that PM2 started from strangers that have got their pids since.
 * No clock is asked: at first sight a process is PM2's when PM2's daemon is its parent, later
 * when it still has the start time that it had then.
 */
export interface Lives {
  /**
   * @param daemonPid null when it is not known: then whoever has the pid is believed
   */
  of(processes: ManagedProcess[], daemonPid: number | null): Life[];
}

export function createLives(read = readStat): Lives {
  let known = new Map<string, number>();
  return {
    of(processes, daemonPid) {
      const next = new Map<string, number>();
      const lives = processes.map((one) => {
        const stat = read(one.pid);
        const life = lifeOf(one.pid, stat);
        if (stat === null || life === 'gone') return life;
        // The count of restarts names one start of the process, as PM2's time of it would.
        const key = `${one.pmId}:${one.pid}:${one.restarts}`;
        const startTicks = known.get(key);
        const stranger =
          startTicks === undefined ? isStranger(stat, daemonPid) : startTicks !== stat.startTicks;
        if (!stranger || startTicks !== undefined) next.set(key, startTicks ?? stat.startTicks);
        return stranger ? 'gone' : life;
      });
      known = next;
      return lives;
    },
  };
}

/** True only when it certainly is none of that daemon's children. */
export function isStranger(stat: ProcStat, daemonPid: number | null): boolean {
  if (daemonPid === null) return false;
  return stat.ppid !== daemonPid || isThreadOfAnother(stat.pid);
}
