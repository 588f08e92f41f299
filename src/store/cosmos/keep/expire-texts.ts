import { toIso } from '../../../clock.js';
import { withoutText } from '../../../domain/erasure.js';
import { fullname, type IsoTime } from '../../../domain/item.js';
import type { ExpiredItems, HourPlace } from '../../keep-store.js';
import type { Operation } from '../account.js';
import {
  type BlankedDocument,
  blankedId,
  type ItemDocument,
  partitionOf,
} from '../documents/documents.js';
import { itemDocument, itemOf } from '../documents/items.js';
import { hasText, type Line, lineOf, NO_THREAD } from '../documents/lines.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import { derive, derivedIds, ttlOf } from '../write/derive.js';
import type { View } from '../write/view.js';
import { inSteps } from './steps.js';

type Texts = HourPlace & { job: string };

/** Erases text and author; what was counted stays counted. */
export function expireTexts(deps: WriteDeps, texts: Texts): Promise<ExpiredItems> {
  const of = { subreddit: texts.subreddit, fence: null, shape: 'expire texts' };
  return inSteps(deps, (atMost) =>
    changePartition(deps, of, (view) => erasure(deps, view, texts, atMost)),
  );
}

async function erasure(
  { clock, retentionMs }: WriteDeps,
  view: View,
  { hour, subreddit, job }: Texts,
  atMost: number,
): Promise<Change<ExpiredItems> | null> {
  const lines = (await view.hours([hour])).get(hour) ?? [];
  const some = lines.filter(hasText).slice(0, atMost);
  if (some.length === 0) return null;
  const stored = await view.items(some.map(fullname));
  const nowMs = clock.now();
  const at = stampOf(view, nowMs);
  const ttl = ttlOf(hour, false, { nowMs, retentionMs });
  const erased = new Map([...stored].map(([name, each]) => [name, withoutWords(each, at, ttl)]));
  const reached = new Set(some);
  const hours = new Map([
    [hour, lines.map((line) => (reached.has(line) ? lineAfter(line, erased) : line))],
  ]);
  const name = view.head?.name ?? subreddit;
  const posts = some.filter(({ kind }) => kind === 'post');
  const derived = derive({
    ...{ name, seq: view.seq, nowMs, retentionMs, hours },
    ...{ stored: await view.derived(derivedIds([hour])) },
    ...{ titles: new Map(posts.map((post) => [fullname(post), ''])) },
  });
  const result = { posts: posts.length, comments: some.length - posts.length };
  const operations: Operation[] = [
    ...[...erased.values()].map((document): Operation => ({ kind: 'replace', document })),
    ...derived,
    { kind: 'upsert', document: await audited(view, { at, job, name }, result) },
  ];
  return { operations, result };
}

/** Above every time that was given out in the partition, also where the clock was set back. */
function stampOf({ head }: View, nowMs: number): IsoTime {
  return toIso(head === null ? nowMs : Math.max(nowMs, Date.parse(head.stamp) + 1));
}

function withoutWords(document: ItemDocument, updated_at: IsoTime, ttl: number): ItemDocument {
  const { collected_at } = document;
  return itemDocument(withoutText(itemOf(document)), { collected_at, updated_at, ttl });
}

/** An item that Azure has let go of already needs no more than the mark that there is nothing to do. */
function lineAfter(line: Line, erased: ReadonlyMap<string, ItemDocument>): Line {
  const document = erased.get(fullname(line));
  if (document === undefined) return { ...line, expired: true };
  const { collected_at, keep } = line;
  return lineOf(itemOf(document), { collected_at, keep, thread: line.thread ?? NO_THREAD });
}

/** The job's audit record with what this batch adds to it. */
async function audited(
  view: View,
  { at, job, name }: { at: IsoTime; job: string; name: string },
  { posts, comments }: ExpiredItems,
): Promise<BlankedDocument> {
  const id = blankedId(job);
  const before = await view.read<BlankedDocument>(id);
  const counts = { ...before?.counts };
  for (const [kind, items] of Object.entries({ post: posts, comment: comments })) {
    const key = `expired ${kind}`;
    if (items > 0) counts[key] = (counts[key] ?? 0) + items;
  }
  const subreddit = partitionOf(name);
  return { id, subreddit, name, ttl: -1, kind: 'blanked', cycle_id: job, at, counts };
}
