import { blanked } from '../../domain/erasure.js';
import { isGone, type ItemName, type Kind } from '../../domain/item.js';
import { isSameName } from '../check-batch.js';
import type { Fence } from '../store.js';
import { beginWriting, finishWriting, storeChanged, type Writing } from './commit.js';
import { bumpDataVersion, type Db, run } from './db.js';
import { type ItemOf, readItem } from './items.js';
import { requireLease } from './lease.js';

interface Blanking {
  fence: Fence;
  subreddit: string;
  items: readonly ItemName[];
}

/** To be run in an immediate transaction. */
export function blank(db: Db, { fence, subreddit, items }: Blanking, nowMs: number): number {
  requireLease(db, fence);
  const writing = beginWriting(db, nowMs);
  for (const { kind, id } of items) blankOne(writing, kind, id, subreddit);
  finishWriting(writing, writing.blankings.total);
  if (writing.blankings.total > 0) bumpDataVersion(db);
  return writing.blankings.total;
}

function blankOne<K extends Kind>(writing: Writing, kind: K, id: string, subreddit: string): void {
  run(writing.db, 'DELETE FROM omissions WHERE kind = ? AND id = ?', kind, id);
  const before: ItemOf[K] | null = readItem(writing.db, kind, id);
  if (before === null || isGone(before) || !isSameName(before.subreddit, subreddit)) return;
  const after: ItemOf[K] = blanked({ ...before, excluded: 'deleted' });
  storeChanged(writing, kind, before, after, 'omitted');
}
