import { blanked } from '../../../domain/erasure.js';
import { fullname, isGone, type ItemName } from '../../../domain/item.js';
import { checkSize } from '../../check-batch.js';
import type { Fence } from '../../store.js';
import { itemOf } from '../documents/items.js';
import { announceEnd } from './announce.js';
import { type Change, changePartition, type WriteDeps } from './change.js';
import { halfOf, inParts } from './parts.js';
import { threadOf } from './threads.js';
import type { View } from './view.js';
import {
  beginWriting,
  blankedIn,
  finishWriting,
  loadHours,
  noteBlanked,
  putItem,
} from './writing.js';

interface Blanking {
  fence: Fence;
  subreddit: string;
  items: readonly ItemName[];
}

/** As `UpkeepStore.blank`; what Azure does not take at once is written in parts. */
export async function blank(deps: WriteDeps, blanking: Blanking): Promise<number> {
  checkSize(blanking.items);
  const { subreddit, fence } = blanking;
  const counts = await inParts<Blanking, number>(deps.memory, blanking, {
    halve: halves,
    write: async (part) => {
      const of = { subreddit, fence, shape: 'blank', intent: part };
      return changePartition(deps, of, (view) => plan(deps, part, view));
    },
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  await announceEnd(deps, total > 0, blanking);
  return total;
}

function halves(blanking: Blanking): [Blanking, Blanking] {
  const { items } = blanking;
  const half = halfOf(blanking, items.length);
  return [
    { ...blanking, items: items.slice(0, half) },
    { ...blanking, items: items.slice(half) },
  ];
}

async function plan(
  deps: WriteDeps,
  { fence, subreddit, items }: Blanking,
  view: View,
): Promise<Change<number> | null> {
  const writing = beginWriting(view, subreddit, deps.clock.now());
  const stored = await view.items(items.map(fullname));
  for (const item of items) writing.accounted.add(fullname(item));
  const there = [...stored.values()].filter((document) => !isGone(document));
  await loadHours(
    writing,
    there.map(({ created_utc }) => created_utc),
  );
  for (const document of there) {
    const item = itemOf(document);
    const name = { kind: document.kind, id: item.id };
    const line = writing.lines.get(name);
    putItem(writing, deps, blanked({ ...item, excluded: 'deleted' }), {
      collected_at: document.collected_at,
      updated_at: writing.stamp,
      keep: line?.keep ?? document.ttl === -1,
      thread: threadOf(line),
    });
    noteBlanked(writing, name, 'omitted');
  }
  const { head, operations } = await finishWriting(deps, writing, { fence });
  if (operations.length === 0) return null;
  return { head, operations, result: blankedIn(writing) };
}
