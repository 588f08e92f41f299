import type { ManagedProcess } from './observation.js';

/**
 * What keeps the processes running, as the monitor needs it. Each call stands alone: it
 * connects, asks and disconnects. Each throws AppError `supervisor_unreachable` when
 * there is nobody to ask; no call ever starts a supervisor.
 */
export interface Supervisor {
  list(): Promise<ManagedProcess[]>;
  /**
   * Restarts every process of that name and resolves when the new ones are up, as far as
   * the supervisor can tell. One that ignores its stop signal is killed after a short patience.
   */
  restart(name: string): Promise<void>;
}
