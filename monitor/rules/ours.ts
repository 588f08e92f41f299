/** The PM2 name of the process whose `/health` is probed. */
export const API = 'api';
export const JOBS = 'jobs';
/** Ours (SPEC §2). Whatever else runs under the same PM2 is left alone. */
export const OURS = [API, JOBS, 'monitor'] as const;
/** Not the monitor: it cannot judge its own restart. */
export const RESTARTABLE: readonly string[] = [API, JOBS];
