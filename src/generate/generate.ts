import { setImmediate } from 'node:timers/promises';
import { type Clock, toIso } from '../clock.js';
import { assessComment, assessPost } from '../collect/assess.js';
import { type Marks, marksAfter, marksOf, watermarksOf } from '../collect/marks.js';
import { batchesOf } from '../collect/subreddit.js';
import type { Cycle, Gap, SubredditResult } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { Scorer } from '../scorer/scorer.js';
import type { CollectStore, Fence, ItemBatch, ReadStore, Store } from '../store/store.js';
import { contentOf, type Share, type Stretch } from './content.js';
import type { Plan } from './options.js';
import { closeRecord, type Course, courseOf, errorOf, openRecord } from './record.js';
import type { Texts } from './texts.js';
import type { WalkingClock } from './walking-clock.js';
import { deal, type Slot, slotsOf } from './waves.js';

type TargetStore = Pick<CollectStore, 'beginCycle' | 'watermarks' | 'commit' | 'finishCycle'> &
  Pick<ReadStore, 'recentPosts' | 'hourlyCounts'>;

export interface GenerateDeps {
  /** Stamps by `clock`. */
  store: TargetStore;
  /** Walks through the plan's days while they are filled. */
  clock: WalkingClock;
  /** The real time. */
  systemClock: Clock;
  scorer: Scorer;
  texts: Texts;
  subreddits: readonly string[];
  intervalMs: number;
  leaseMs: number;
  /** Names this run in the lease. */
  holder: string;
  holderIsDead: (holder: string) => boolean;
  onProgress?: (done: Progress) => void;
}

export interface Progress {
  items: number;
  of: number;
  /** Up to where the store is filled. */
  at: string;
}

export interface GenerateReport {
  posts_new: number;
  comments_new: number;
  /** Items that were stored already: an interrupted run's, mostly. */
  known: number;
  cycles: number;
  interrupted: boolean;
}

/** Items held at once; a longer slot is filled in parts. */
export const MOST_HELD = 20_000;

/**
 * Fills a store as 90 days of collection would: cycle after cycle under the lease, each with
 * what was written since the one before, committed by subreddit and oldest first, with
 * watermarks and records, while `clock` walks along. What it stores follows from the plan, the
 * texts and the names alone. Whenever it ends, the store is as after a collection that ended.
 *
 * @throws AppError of the store; `already_running` when somebody else collects; `lease_lost`.
 */
export async function generate(
  plan: Plan,
  deps: GenerateDeps,
  signal: AbortSignal,
): Promise<GenerateReport> {
  const { store, subreddits } = deps;
  const fill = contentOf(plan, subreddits, deps.texts);
  const marks = new Map<string, KindMarks>();
  for (const name of subreddits) {
    const stored = await store.watermarks(name);
    marks.set(name, { post: marksOf('post', stored), comment: marksOf('comment', stored) });
  }
  const report = { posts_new: 0, comments_new: 0, known: 0, cycles: 0, interrupted: false };
  const run: Run = { plan, deps, signal, fill, marks, report };
  let items = 0;
  for (const slot of slotsOf(plan, deps.intervalMs)) {
    if (signal.aborted) break;
    await runCycle(slot, run);
    items += slot.posts + slot.comments;
    if (signal.aborted) break;
    deps.onProgress?.({ items, of: plan.posts + plan.comments, at: toIso(slot.toMs) });
  }
  report.interrupted = signal.aborted;
  return report;
}

/** @throws AppError `invalid_request` for a store that would not hold the generated items alone. */
export async function refuseFilled(
  store: Pick<Store, 'recentPosts' | 'hourlyCounts'>,
): Promise<void> {
  const posts = await store.recentPosts({ since: toIso(0), limit: 1 });
  const window = { from: toIso(0), to: '9999-01-01T00:00:00.000Z' };
  const counts = posts.length > 0 ? null : await store.hourlyCounts({ windows: [window] });
  if (counts !== null && counts.windows.flat().length === 0) return;
  throw new AppError('invalid_request', 'The store holds items already', {
    cure: 'point SQLITE_PATH at a new file, or give --append to mix generated items with what is there',
  });
}

interface KindMarks {
  post: Marks;
  comment: Marks;
}

interface Run {
  plan: Plan;
  deps: GenerateDeps;
  signal: AbortSignal;
  fill: (stretch: Stretch) => Share[];
  marks: Map<string, KindMarks>;
  report: GenerateReport;
}

async function runCycle(slot: Slot, run: Run): Promise<void> {
  const { plan, deps, signal, report } = run;
  const { clock, subreddits, store } = deps;
  const course = courseOf(plan.seed, slot, subreddits.length, plan.untilMs);
  const trigger = report.cycles === 0 ? 'startup' : 'schedule';
  const cycle = openRecord(plan.seed, subreddits, course, trigger);
  const fence = await begin(cycle, deps);
  clock.set(course.startMs);
  const parts = partsOf(slot);
  const steps = parts.length * subreddits.length;
  let step = 0;
  for (const [index, part] of parts.entries()) {
    if (signal.aborted) break;
    const shares = run.fill(part);
    for (const [place, share] of shares.entries()) {
      if (signal.aborted) break;
      const result = cycle.subreddits[place] as SubredditResult;
      const last = index === parts.length - 1;
      await storeShare(share, result, { fence, course, place, last }, run);
      step += 1;
      clock.set(course.startMs + Math.round(((course.endMs - course.startMs) * step) / steps));
      await setImmediate(); // signals come in between
    }
  }
  for (const [place, result] of cycle.subreddits.entries()) {
    if (place < step - steps + subreddits.length || result.error !== null) continue;
    result.error = errorOf(result.name, clock.now(), 'cancelled', 'The cycle was cancelled');
  }
  closeRecord(cycle, clock.now());
  await store.finishCycle(cycle, fence);
  report.cycles += 1;
}

/** Leases are about real time: those of other collectors, and ours in their eyes. */
async function begin(cycle: Cycle, deps: GenerateDeps): Promise<Fence> {
  const { clock, systemClock, holder, holderIsDead, leaseMs } = deps;
  clock.set(systemClock.now());
  const grant = await deps.store.beginCycle({ cycle, holder, leaseMs, holderIsDead });
  if (grant.granted) return grant.fence;
  throw new AppError('already_running', `${grant.holder} is collecting into this store`, {
    cure: 'end it (npm stop), or wait until its cycle is over; a lease that another machine left behind is taken by npm run collect',
  });
}

interface Turn {
  fence: Fence;
  course: Course;
  /** The subreddit's index. */
  place: number;
  /** Whether these are the last items of the cycle. */
  last: boolean;
}

async function storeShare(
  share: Share,
  result: SubredditResult,
  { fence, course, place, last }: Turn,
  { deps, marks, report }: Run,
): Promise<void> {
  const { store, scorer, clock } = deps;
  const { name } = share;
  const before = marks.get(name) as KindMarks;
  const posts = share.posts.map((raw) => assessPost(raw, name, scorer));
  const comments = share.comments.map((raw) => assessComment(raw, name, scorer));
  const after: KindMarks = {
    post: moved(before.post, posts.at(-1), clock.now()),
    comment: moved(before.comment, comments.at(-1), clock.now()),
  };
  const failing = course.failing(place);
  if (last && failing) {
    const message = 'Reddit answered 503 Service Unavailable';
    result.error = errorOf(name, clock.now(), 'reddit_unavailable', message);
  }
  const batches = batchesOf(posts, comments);
  for (const [index, items] of batches.entries()) {
    const batch: ItemBatch = { fence, subreddit: name, ...items };
    if (last && !failing && index === batches.length - 1) {
      const oldest = comments[0]?.created_utc;
      const gap = course.gap === place ? gapBetween(before.comment, oldest) : null;
      const watermarks = watermarksOf(after.post, after.comment);
      batch.complete = { watermarks, state: 'active', gaps: gap === null ? [] : [gap] };
      result.gap = gap;
    }
    if (items.posts.length + items.comments.length === 0 && batch.complete === undefined) continue;
    const { posts_new, comments_new } = await store.commit(batch);
    report.posts_new += posts_new;
    report.comments_new += comments_new;
    report.known += items.posts.length + items.comments.length - posts_new - comments_new;
  }
  if (!failing) marks.set(name, after);
  count(result, share);
}

/** Of what was there, not of what was new: so a run that is repeated leaves the same record. */
function count(result: SubredditResult, { posts, comments }: Share): void {
  result.posts_new += posts.length;
  result.posts_seen += posts.length;
  result.comments_new += comments.length;
  result.comments_seen += comments.length;
  result.requests =
    Math.ceil((result.posts_seen + 1) / 100) + Math.ceil((result.comments_seen + 1) / 100);
}

function moved(
  before: Marks,
  newest: { id: string; created_utc: string } | undefined,
  nowMs: number,
): Marks {
  if (newest === undefined) return before;
  const createdMs = Date.parse(newest.created_utc);
  return marksAfter([{ kind: 'kept', id: newest.id, createdMs }], before, nowMs);
}

function gapBetween({ watermark }: Marks, oldest: string | undefined): Gap | null {
  if (watermark === null || oldest === undefined || oldest <= watermark.created_utc) return null;
  return { kind: 'comment', from: watermark.created_utc, to: oldest, missing: null };
}

/** A slot in stretches of at most MOST_HELD items, as far as whole seconds allow. */
export function partsOf(slot: Slot): Stretch[] {
  const { fromMs, toMs } = slot;
  const seconds = Math.max(1, Math.floor((toMs - fromMs) / 1000));
  const count = Math.min(seconds, Math.max(1, Math.ceil((slot.posts + slot.comments) / MOST_HELD)));
  const even = Array.from({ length: count }, () => 1);
  const posts = deal(slot.posts, even);
  const comments = deal(slot.comments, even);
  const border = (index: number) => fromMs + Math.floor((index * seconds) / count) * 1000;
  return even.map((_, index) => ({
    fromMs: border(index),
    toMs: index === count - 1 ? toMs : border(index + 1),
    ...{ posts: posts[index] ?? 0, comments: comments[index] ?? 0 },
  }));
}
