import type { Gap } from '../../../domain/cycle.js';
import type { IsoTime } from '../../../domain/item.js';
import type { ItemBatch, Watermarks } from '../../store.js';
import type { Operation } from '../account.js';
import { type GapDocument, gapId, partitionOf } from '../documents/documents.js';
import { type HeadFacts, readAnew, type WriteDeps } from './change.js';
import type { View } from './view.js';

/** What the last commit of a subreddit's collection says about it. */
export async function completed(
  view: View,
  name: string,
  { watermarks, state, gaps }: NonNullable<ItemBatch['complete']>,
  now: IsoTime,
): Promise<{ head: Partial<HeadFacts>; operations: Operation[] }> {
  const success = state === 'active' ? now : (view.head?.last_success_at ?? null);
  const found = new Map(gaps.map((gap) => [gapId(gap), gap]));
  const operations: Operation[] = [];
  for (const [id, gap] of found) {
    // One that was found before stays as it is, settled or not.
    if ((await view.read(id)) !== null) continue;
    operations.push({ kind: 'create', document: gapDocument(id, name, gap, now) });
  }
  return { head: { name, state, last_success_at: success, watermarks }, operations };
}

function gapDocument(id: string, name: string, gap: Gap, now: IsoTime): GapDocument {
  const { kind, from, to, missing } = gap;
  return {
    ...{ id, subreddit: partitionOf(name), name, ttl: -1, kind: 'gap', of: kind, from, to },
    ...{ missing, status: 'open', found_at: now, settled_at: null },
  };
}

export async function watermarks(deps: WriteDeps, subreddit: string): Promise<Watermarks> {
  const { head } = await readAnew(deps, { subreddit, fence: null, shape: 'watermarks' });
  const { post, comment, newest = {} } = head?.watermarks ?? { post: null, comment: null };
  return { post, comment, ...(Object.keys(newest).length > 0 && { newest }) };
}
