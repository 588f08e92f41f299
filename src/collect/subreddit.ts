import { type Clock, toIso } from '../clock.js';
import type { Config } from '../config.js';
import type { SubredditResult } from '../domain/cycle.js';
import type { Kind, NewComment, NewPost } from '../domain/item.js';
import { DAY_MS } from '../domain/window.js';
import { type AppError, toAppError } from '../errors.js';
import type { Log } from '../log.js';
import type { RedditComment, RedditPost } from '../reddit/schemas.js';
import type { ListingSource } from '../reddit/source.js';
import type { Scorer } from '../scorer/scorer.js';
import {
  type CollectStore,
  type CommitResult,
  type Fence,
  type ItemBatch,
  MAX_BATCH,
} from '../store/store.js';
import type { StoredItem } from '../store/upkeep-store.js';
import { assessComment, assessPost } from './assess.js';
import { marksOf, watermarksOf } from './marks.js';
import { emptyRead, type ListingRead, readListing } from './listing.js';
import { textSince } from './text-since.js';

export interface SubredditDeps {
  store: Pick<CollectStore, 'watermarks' | 'commit'>;
  source: ListingSource;
  scorer: Scorer;
  clock: Clock;
  log: Log;
  fence: Fence;
  collection: Pick<Config['collection'], 'retentionDays' | 'textRetentionMs'>;
  /** Why the cycle was ended early; null while it was not. */
  stopped: () => AppError | null;
}

/**
 * Collects one subreddit: both listings, scored, oldest first, in atomic steps of at most
 * MAX_BATCH items; the watermarks move with the last step, and only when both listings
 * were read. A failure is the result's `error`: what was read before it is stored all the
 * same, and read again next time. Throws only `lease_lost`: then nobody may go on.
 */
export async function collectSubreddit(
  name: string,
  deps: SubredditDeps,
  signal: AbortSignal,
): Promise<SubredditRun> {
  const began = deps.clock.monotonic();
  const requestsBefore = deps.source.requestsSent();
  const result = emptyResult(name);
  const lively: StoredItem[] = [];
  try {
    lively.push(...(await collectInto(result, deps, signal)));
  } catch (error) {
    const known = toAppError(error);
    if (known.code === 'lease_lost') throw known;
    const stopped = deps.stopped();
    const { code } = stopped ?? known;
    const message = stopped === null ? known.message : `${stopped.message}: ${busyWith(known)}`;
    const attempt = Number(known.details.attempt ?? 1);
    deps.log.error({ subreddit: name, code, attempt, err: error }, 'subreddit failed');
    result.error = { at: toIso(deps.clock.now()), subreddit: name, code, message, attempt };
  }
  result.requests = deps.source.requestsSent() - requestsBefore;
  result.duration_ms = Math.round(deps.clock.monotonic() - began);
  return { result, lively };
}

export interface SubredditRun {
  result: SubredditResult;
  /** Posts with comments in this reading that stood in no listing themselves. */
  lively: StoredItem[];
}

/** What it was busy with when the cycle was cut short: the end alone says nothing about the cause. */
function busyWith({ code, message, details }: AppError): string {
  if (code !== 'cancelled') return `${code}: ${message}`;
  return typeof details.before === 'string'
    ? `${message}; before that, ${details.before}`
    : message;
}

async function collectInto(
  result: SubredditResult,
  deps: SubredditDeps,
  signal: AbortSignal,
): Promise<StoredItem[]> {
  const before = await deps.store.watermarks(result.name);
  const reads = {
    post: emptyRead(marksOf('post', before)),
    comment: emptyRead(marksOf('comment', before)),
  };
  let failure: { error: unknown } | null = null;
  try {
    for (const kind of ['post', 'comment'] as const) {
      await readKind(kind, reads[kind], result.name, deps, signal);
      if (reads[kind].state !== 'active') break;
    }
  } catch (error) {
    failure = { error };
  }
  const closed = [reads.post, reads.comment].find((read) => read.state !== 'active')?.state;
  result.state = closed ?? 'active';
  result.posts_seen = reads.post.seen;
  result.comments_seen = reads.comment.seen;
  result.skipped = sumSkipped(reads.post.skipped, reads.comment.skipped);
  result.gap = reads.comment.gap ?? reads.post.gap;
  await storeReads(result, reads, failure === null, deps);
  if (failure !== null) throw failure.error;
  return livelyPosts(result.name, reads);
}

function livelyPosts(
  subreddit: string,
  { post, comment }: { post: ListingRead; comment: ListingRead },
): StoredItem[] {
  const listed = new Set(post.items.map(({ name }) => name));
  const named = comment.items.flatMap((one) => ('link_id' in one ? [one.link_id] : []));
  return [...new Set(named)]
    .filter((name) => !listed.has(name))
    .map((name) => ({ kind: 'post', id: name.slice(3), subreddit }));
}

function readKind(
  kind: Kind,
  into: ListingRead,
  subreddit: string,
  { source, clock, collection }: SubredditDeps,
  signal: AbortSignal,
): Promise<ListingRead> {
  const nowMs = clock.now();
  const oldestMs = nowMs - collection.retentionDays * DAY_MS;
  const bounds = { marks: into.marks, nowMs, oldestMs };
  return readListing(source, { subreddit, kind }, bounds, signal, into);
}

async function storeReads(
  result: SubredditResult,
  reads: { post: ListingRead; comment: ListingRead },
  complete: boolean,
  { store, scorer, fence, clock, collection }: SubredditDeps,
): Promise<void> {
  const batches = batchesOf(
    reads.post.items.map((raw) => assessPost(raw as RedditPost, result.name, scorer)),
    reads.comment.items.map((raw) => assessComment(raw as RedditComment, result.name, scorer)),
  );
  for (const [index, items] of batches.entries()) {
    const kept = textSince(collection, clock);
    const batch: ItemBatch = { fence, subreddit: result.name, ...items, ...kept };
    if (complete && index === batches.length - 1) {
      const watermarks = watermarksOf(reads.post.marks, reads.comment.marks);
      const gaps = [reads.post.gap, reads.comment.gap].filter((gap) => gap !== null);
      batch.complete = { watermarks, state: result.state, gaps };
    }
    const committed: CommitResult = await store.commit(batch);
    result.posts_new += committed.posts_new;
    result.comments_new += committed.comments_new;
  }
}

/** Oldest first, so that what is stored when we die has no holes; at least one batch. */
export function batchesOf(
  posts: NewPost[],
  comments: NewComment[],
): { posts: NewPost[]; comments: NewComment[] }[] {
  const all = [
    ...posts.map((post) => ({ created: post.created_utc, post })),
    ...comments.map((comment) => ({ created: comment.created_utc, comment })),
  ].sort((a, b) => (a.created < b.created ? -1 : Number(a.created > b.created)));
  const batches = [];
  for (let start = 0; start === 0 || start < all.length; start += MAX_BATCH) {
    const part = all.slice(start, start + MAX_BATCH);
    batches.push({
      posts: part.flatMap((entry) => ('post' in entry ? [entry.post] : [])),
      comments: part.flatMap((entry) => ('comment' in entry ? [entry.comment] : [])),
    });
  }
  return batches;
}

export function emptyResult(name: string): SubredditResult {
  return {
    name,
    state: 'unknown',
    posts_new: 0,
    posts_seen: 0,
    comments_new: 0,
    comments_seen: 0,
    skipped: {},
    requests: 0,
    duration_ms: 0,
    gap: null,
    error: null,
  };
}

function sumSkipped(a: Record<string, number>, b: Record<string, number>): Record<string, number> {
  const sum = { ...a };
  for (const [reason, count] of Object.entries(b)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}
