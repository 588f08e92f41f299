import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import type { KeepStore } from '../store/keep-store.js';

export interface CompactDeps {
  store: Pick<KeepStore, 'compact' | 'emptyLog' | 'noteJobSuccess'>;
  clock: Clock;
  log: Log;
}

export type CompactReport =
  | { done: true; bytes_before: number; bytes_after: number }
  | { done: false; reason: string };

/** Somebody who collects, or reads, is given this long. */
const PATIENCE_MS = 10 * 60_000;
const POLL_MS = 2000;

/**
 * Rewrites the database without free pages and empties its log: what was deleted is then in none
 * of its bytes. Waits for a cycle to end, and for readers to let go of the log.
 */
export async function compactStore(
  { store, clock, log }: CompactDeps,
  signal: AbortSignal,
): Promise<CompactReport> {
  const began = clock.monotonic();
  const stopped = () => signal.aborted || clock.monotonic() - began > PATIENCE_MS;
  let compaction = await store.compact();
  while (compaction.status === 'busy' && !stopped()) {
    await clock.sleep(POLL_MS, signal);
    compaction = await store.compact();
  }
  if (compaction.status === 'busy') {
    return { done: false, reason: `${compaction.by} was collecting all the time` };
  }
  if (compaction.status === 'no_space') log.warn({ ...compaction }, noSpace(compaction));
  let emptied = await store.emptyLog();
  while (!emptied && !stopped()) {
    await clock.sleep(POLL_MS, signal);
    emptied = await store.emptyLog();
  }
  if (compaction.status === 'no_space') return { done: false, reason: noSpace(compaction) };
  if (!emptied) {
    return { done: false, reason: 'a reader kept the write-ahead log from being emptied' };
  }
  await store.noteJobSuccess('vacuum');
  const { bytes_before, bytes_after } = compaction;
  return { done: true, bytes_before, bytes_after };
}

function noSpace(space: { bytes_needed: number; bytes_free: number }): string {
  const mb = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;
  return `VACUUM was left out: it needs ${mb(space.bytes_needed)} free on the disk of the database, and ${mb(space.bytes_free)} are`;
}
