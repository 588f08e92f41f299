import type { DaemonSample, ManagedProcess } from './observation.js';

/**
 * What keeps the processes running, as the monitor needs it. Each call stands alone: it
 * connects, asks and disconnects. Each throws AppError `supervisor_unreachable` when
 * there is nobody to ask; no call ever starts a supervisor.
 */
export interface Supervisor {
  /** Its own process; null where it has none that is known. Asks the machine, not it: never throws. */
  daemon(): Promise<Omit<DaemonSample, 'memoryMb'> | null>;
  list(): Promise<ManagedProcess[]>;
  /**
   * Restarts every process of that name and resolves when the new ones are up, as far as
   * the supervisor can tell. One that ignores its stop signal is killed after a short patience;
   * a stranger that has got the pid is not touched, and then nothing is restarted.
   */
  restart(name: string): Promise<void>;
}
