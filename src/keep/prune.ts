import { type Clock, toIso } from '../clock.js';
import type { Config } from '../config.js';
import { DAY_MS, floorToHour, HOUR_MS } from '../domain/window.js';
import type { IsoTime } from '../domain/item.js';
import { createRefusals, type Refusals } from '../refusals.js';
import type { HourPlace, HourQuery, KeepStore } from '../store/keep-store.js';

export interface PruneDeps {
  store: Pick<
    KeepStore,
    'nextHour' | 'expireItems' | 'expireTexts' | 'expireRecords' | 'noteJobSuccess'
  >;
  clock: Clock;
  config: Pick<Config, 'collection'>;
  deadlineMs: number;
  /** Names the run in the audit record. */
  job: string;
}

export interface PruneReport {
  /** False: the deadline or the signal came first, and the next run goes on. */
  finished: boolean;
  /** Removed. */
  posts: number;
  comments: number;
  /** Items that lost their text. */
  texts: number;
  /** Cycles, gaps and other notes. */
  records: number;
}

/** Between two steps others may write for as long as the step took, and at least so long. */
const MIN_PAUSE_MS = 20;
const RECORDS_AT_ONCE = 500;

/**
 * Lets go of what is past retention: items by whole hours of `created_utc`, one subreddit and hour
 * a step, then texts, then records. Repeatable: each step that is done stays done. One that is refused
 * for good, as in a partition that takes no writes, is passed over.
 *
 * @throws AppError of the store; at the end, the first refusal, so that the run has failed
 */
export async function prune(deps: PruneDeps, signal: AbortSignal): Promise<PruneReport> {
  const refusals = createRefusals();
  const report = await pruneAll(deps, refusals, signal);
  refusals.end();
  if (report.finished) await deps.store.noteJobSuccess('prune');
  return report;
}

async function pruneAll(
  deps: PruneDeps,
  refusals: Refusals,
  signal: AbortSignal,
): Promise<PruneReport> {
  const { store, clock, config, deadlineMs, job } = deps;
  const began = clock.monotonic();
  const { retentionDays, textRetentionMs } = config.collection;
  const hourBefore = (ms: number) => toIso(floorToHour(clock.now() - ms));
  const before = hourBefore(retentionDays * DAY_MS);
  const report: PruneReport = { finished: false, posts: 0, comments: 0, texts: 0, records: 0 };
  const stopped = () => signal.aborted || clock.monotonic() - began > deadlineMs;

  /** False: it was stopped. */
  const eachPlace = async (
    losing: Omit<HourQuery, 'from'>,
    step: (place: HourPlace) => Promise<void>,
  ): Promise<boolean> => {
    let from: IsoTime = '';
    for (;;) {
      const found = await store.nextHour({ from, ...losing });
      if (found === null) return true;
      for (const subreddit of found.subreddits) {
        if (stopped()) return false;
        const stepBegan = clock.monotonic();
        await refusals.past(() => step({ subreddit, hour: found.hour }));
        const tookMs = clock.monotonic() - stepBegan;
        await clock.sleep(Math.max(MIN_PAUSE_MS, tookMs), signal);
      }
      if (stopped()) return false;
      from = toIso(Date.parse(found.hour) + HOUR_MS);
    }
  };

  const itemsGone = await eachPlace({ losing: 'items', before }, async (place) => {
    const { posts, comments } = await store.expireItems(place);
    report.posts += posts;
    report.comments += comments;
  });
  if (!itemsGone) return report;
  if (textRetentionMs !== null) {
    const losing = { losing: 'texts' as const, before: hourBefore(textRetentionMs) };
    const textsGone = await eachPlace(losing, async (place) => {
      const { posts, comments } = await store.expireTexts({ ...place, job });
      report.texts += posts + comments;
    });
    if (!textsGone) return report;
  }
  for (;;) {
    const expiry = { before, limit: RECORDS_AT_ONCE };
    const records = await refusals.past(() => store.expireRecords(expiry));
    // Refused: what else may go has gone, up to the limit; the rest is the next run's.
    if (records === null || records === 0) break;
    report.records += records;
    if (stopped()) return report;
    await clock.sleep(MIN_PAUSE_MS, signal);
  }
  return { ...report, finished: true };
}
