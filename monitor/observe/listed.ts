import type { Observation, ProcessSample } from './observation.js';

/** What PM2 lists under a name; nothing when it cannot be asked. */
export function named(name: string, { supervisor }: Observation): ProcessSample[] {
  return supervisor.reachable ? supervisor.processes.filter((one) => one.name === name) : [];
}
