import { API, JOBS, OURS } from '../ours.js';
import { apiVerdict, degradedVerdict } from './api.js';
import {
  daemonMemoryVerdict,
  diskVerdict,
  leakVerdict,
  memoryVerdict,
  orphanVerdict,
  supervisorVerdict,
} from './machine.js';
import { processVerdict } from './process.js';
import type { Seen, Verdict } from './verdict.js';

/** In the order in which one explains the next (explain.ts). */
export function verdicts(seen: Seen): Verdict[] {
  const api = processVerdict(API, seen);
  return [
    supervisorVerdict(seen),
    diskVerdict(seen),
    orphanVerdict(seen),
    api,
    ...OURS.map((name) => memoryVerdict(name, seen)),
    processVerdict(JOBS, seen),
    apiVerdict(seen, api),
    degradedVerdict(seen),
    processVerdict('monitor', seen),
    daemonMemoryVerdict(seen),
    ...OURS.map((name) => leakVerdict(name, seen)),
  ];
}
