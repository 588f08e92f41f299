import type { Bed, BedOptions } from './monitor-bed.js';
import type { Story, Telling } from './monitor-telling.js';

/** One fault, or several at once: brought about, seen through, and healed. */
export interface Row {
  name: string;
  options?: BedOptions;
  /** False: the row itself starts what it watches. Else all serve when it begins. */
  started?: boolean;
  run: (bed: Bed, telling: Telling) => Promise<Story>;
}

/** What is wrong with a process; that the API does not answer for it is explained by that. */
export const SUBJECTS = { api: 'process.api', jobs: 'process.jobs' } as const;

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
