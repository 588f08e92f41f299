import type { Config } from '../src/config.js';
import type { Policy } from './decide.js';

/** MONITOR_* of the configuration as the rules need them. */
export function policyOf({ monitor }: Config): Policy {
  const { failures, recoveries, graceMs, maxRestarts, restartWindowMs, memoryLimitMb } = monitor;
  return { failures, recoveries, graceMs, maxRestarts, restartWindowMs, memoryLimitMb };
}
