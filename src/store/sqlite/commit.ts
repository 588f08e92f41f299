import { toIso } from '../../clock.js';
import { type IsoTime, isGone, type Kind } from '../../domain/item.js';
import { merged, type MergeRules } from '../../domain/merge.js';
import type { CommitResult, ItemBatch } from '../store.js';
import { Blankings } from './blankings.js';
import { bumpDataVersion, type Db, readMeta, run } from './db.js';
import { hasChanged, insertItem, type ItemOf, readItem, updateItem } from './items.js';
import { requireLease } from './lease.js';
import { MovedHours } from './moved-hours.js';
import { completeSubreddit } from './subreddits.js';
import { countInThread } from './threads.js';

/** To be run in an immediate transaction. `nowMs` is the wall clock's. */
export function commitBatch(db: Db, batch: ItemBatch, nowMs: number): CommitResult {
  requireLease(db, batch.fence);
  const writing = beginWriting(db, nowMs);
  const { textSince, newSince = '' } = batch;
  const rules = { direct: batch.direct === true, textSince, newSince };
  const posts = storeAll(writing, 'post', batch.posts, rules);
  const comments = storeAll(writing, 'comment', batch.comments, rules);
  const written = posts.new + comments.new + posts.updated + comments.updated;
  finishWriting(writing, written);

  if (batch.complete) completeSubreddit(db, batch.subreddit, batch.complete, toIso(nowMs));
  const visible = written > 0 || batch.complete !== undefined;
  return {
    posts_new: posts.new,
    comments_new: comments.new,
    updated: posts.updated + comments.updated,
    blanked: writing.blankings.total,
    data_version: visible ? bumpDataVersion(db) : readMeta(db).data_version,
  };
}

/** One transaction that writes items, with what it has to bring along. */
export interface Writing {
  db: Db;
  stamp: IsoTime;
  moved: MovedHours;
  blankings: Blankings;
}

export function beginWriting(db: Db, nowMs: number): Writing {
  const stamp = nextStamp(db, nowMs);
  return { db, stamp, moved: new MovedHours(), blankings: new Blankings() };
}

/** `written`: how many items. The data version is left to the caller. */
export function finishWriting({ db, stamp, moved, blankings }: Writing, written: number): void {
  moved.rebuild(db);
  blankings.write(db, stamp);
  if (written > 0) run(db, 'UPDATE meta SET last_collected_at = ?', stamp);
}

/** One `collected_at` per commit, above every earlier one even when the clock was set back. */
function nextStamp(db: Db, nowMs: number): IsoTime {
  return toIso(Math.max(nowMs, Date.parse(readMeta(db).last_collected_at) + 1));
}

type Outcome = 'new' | 'updated' | 'unchanged';

/** An id that stands more than once in a batch counts once. */
function storeAll<K extends Kind>(
  writing: Writing,
  kind: K,
  items: readonly ItemOf[K][],
  rules: MergeRules & { newSince: IsoTime },
): Record<Outcome, number> {
  const tally = { new: 0, updated: 0, unchanged: 0 };
  const versions = new Map<string, ItemOf[K][]>();
  for (const item of items) versions.set(item.id, [...(versions.get(item.id) ?? []), item]);
  for (const [id, given] of versions) {
    const before = readItem(writing.db, kind, id);
    const after = given.reduce<ItemOf[K] | null>(
      (known, version) => merged(known, version, rules),
      before,
    );
    const late = before === null && after !== null && after.created_utc < rules.newSince;
    if (after !== null && !late) tally[store(writing, kind, before, after)] += 1;
  }
  return tally;
}

function store<K extends Kind>(
  writing: Writing,
  kind: K,
  before: ItemOf[K] | null,
  after: ItemOf[K],
): Outcome {
  if (before === null) {
    storeNew(writing, kind, after);
    return 'new';
  }
  if (!hasChanged(kind, before, after)) return 'unchanged';
  storeChanged(writing, kind, before, after);
  return 'updated';
}

export function storeNew<K extends Kind>(
  { db, stamp, moved }: Writing,
  kind: K,
  item: ItemOf[K],
  keepHistory = false,
): void {
  insertItem(db, kind, item, { stamp, keepHistory });
  moved.add(kind, item);
  if ('post_id' in item) countInThread(db, item, moved);
}

export function storeChanged<K extends Kind>(
  { db, stamp, moved, blankings }: Writing,
  kind: K,
  before: ItemOf[K],
  after: ItemOf[K],
  reason?: 'omitted',
): void {
  updateItem(db, kind, after, stamp);
  moved.add(kind, before);
  moved.add(kind, after);
  if ('post_id' in before && 'post_id' in after && before.post_id !== after.post_id) {
    moved.addThread(db, before.post_id);
    moved.addThread(db, after.post_id);
  }
  if (isGone(before) || !isGone(after)) return;
  blankings.add(kind, reason ?? (after.excluded === 'removed' ? 'removed' : 'deleted'));
  run(db, 'DELETE FROM omissions WHERE kind = ? AND id = ?', kind, after.id);
}
