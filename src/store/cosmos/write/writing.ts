import { toIso } from '../../../clock.js';
import type { IsoTime, ItemName, Kind, NewComment, NewPost } from '../../../domain/item.js';
import { fullname } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { Fence } from '../../common.js';
import type { Operation } from '../account.js';
import { written } from '../control/documents.js';
import {
  type BlankedDocument,
  blankedId,
  type ItemDocument,
  OMISSIONS_ID,
  type OmissionsDocument,
  partitionOf,
} from '../documents/documents.js';
import { itemDocument } from '../documents/items.js';
import { type LineFacts, lineOf } from '../documents/lines.js';
import type { HeadFacts, WriteDeps } from './change.js';
import { derive, derivedIds, ttlOf } from './derive.js';
import { createLineSet, type LineSet } from './line-set.js';
import type { View } from './view.js';

/** What one batch does to items, until it is made into operations. */
export interface Writing {
  view: View;
  /** As the subreddit is written. */
  name: string;
  nowMs: number;
  /** The `collected_at` of what is new: above every earlier one even when the clock was set back. */
  stamp: IsoTime;
  lines: LineSet;
  /** By fullname; null: to be removed. */
  items: Map<string, ItemDocument | null>;
  /** For the audit record: items by `reason kind`. */
  blanked: Map<string, number>;
  /** Fullnames of items of which Reddit's silence says nothing any more. */
  accounted: Set<string>;
}

/** Why text and author went: Reddit's word, or its repeated silence; or their time is over. */
export type Reason = 'deleted' | 'removed' | 'omitted' | 'expired';

export function beginWriting(view: View, subreddit: string, nowMs: number): Writing {
  const last = view.head === null ? 0 : Date.parse(view.head.stamp);
  return {
    ...{ view, name: view.head?.name ?? subreddit, nowMs },
    stamp: toIso(Math.max(nowMs, last + 1)),
    lines: createLineSet(),
    ...{ items: new Map(), blanked: new Map(), accounted: new Set() },
  };
}

/** Makes the lines of the hours of these times known. */
export async function loadHours({ view, lines }: Writing, times: Iterable<IsoTime>): Promise<void> {
  lines.load(await view.hours([...times].map(hourOf)));
}

export interface Facts extends LineFacts {
  updated_at: IsoTime;
}

/** Stores an item as it is to be, with its line. */
export function putItem(
  { lines, items, nowMs }: Writing,
  { retentionMs }: Pick<WriteDeps, 'retentionMs'>,
  item: NewPost | NewComment,
  facts: Facts,
): void {
  const line = lineOf(item, facts);
  const ttl = ttlOf(item.created_utc, facts.keep, { nowMs, retentionMs });
  const { collected_at, updated_at } = facts;
  items.set(fullname(line), itemDocument(item, { collected_at, updated_at, ttl }));
  lines.put(line);
}

/** What lost its text now. */
export function noteBlanked({ blanked, accounted }: Writing, item: ItemName, reason: Reason): void {
  const key = `${reason} ${item.kind satisfies Kind}`;
  blanked.set(key, (blanked.get(key) ?? 0) + 1);
  accounted.add(fullname(item));
}

export const blankedIn = ({ blanked }: Writing): number =>
  [...blanked.values()].reduce((sum, items) => sum + items, 0);

/**
 * Everything that the writing brings along: derived documents, the audit record under the cycle of
 * the lease, or of the job that does it, and omissions.
 */
export async function finishWriting(
  deps: WriteDeps,
  writing: Writing,
  by: { fence: Fence | null } | { job: string },
): Promise<{ head: Partial<HeadFacts>; operations: Operation[] }> {
  const { view, lines, stamp, items } = writing;
  const operations = [
    ...[...items].map(itemOperation),
    ...(await derivedOperations(deps, writing)),
    ...(await auditOperations(deps, writing, by)),
    ...(await omissionOperations(writing)),
  ];
  const head = {
    ...(items.size > 0 && { stamp }),
    items: (view.head?.items ?? 0) + lines.added(),
  };
  return { head, operations };
}

function itemOperation([id, document]: [string, ItemDocument | null]): Operation {
  return document === null ? { kind: 'delete', id } : { kind: 'upsert', document };
}

async function derivedOperations(
  { retentionMs }: WriteDeps,
  { view, name, nowMs, lines, items }: Writing,
): Promise<Operation[]> {
  const hours = lines.changed();
  const titles = new Map<string, string>();
  for (const [id, document] of items) {
    if (document?.kind === 'post') titles.set(id, document.title);
  }
  const stored = await view.derived(derivedIds(hours.keys()));
  return derive({ name, seq: view.seq, nowMs, retentionMs, hours, stored, titles });
}

async function auditOperations(
  { lease }: WriteDeps,
  { view, name, blanked, stamp }: Writing,
  by: { fence: Fence | null } | { job: string },
): Promise<Operation[]> {
  if (blanked.size === 0) return [];
  const cycleId = 'job' in by ? by.job : by.fence && (await lease.held(by.fence)).document.cycle_id;
  if (cycleId === null) return [];
  const id = blankedId(cycleId);
  const before = await view.read<BlankedDocument>(id);
  const counts = { ...before?.counts };
  for (const [key, items] of blanked) counts[key] = (counts[key] ?? 0) + items;
  const at = before !== null && before.at > stamp ? before.at : stamp;
  const place = { subreddit: partitionOf(name), name, ttl: -1 };
  const document: BlankedDocument = {
    id,
    ...place,
    kind: 'blanked',
    cycle_id: cycleId,
    at,
    counts,
  };
  return [{ kind: 'upsert', document }];
}

async function omissionOperations({ view, accounted }: Writing): Promise<Operation[]> {
  if (accounted.size === 0) return [];
  const stored = await view.read<OmissionsDocument>(OMISSIONS_ID);
  if (stored === null) return [];
  const all = Object.entries(stored.omitted);
  const left = all.filter(([name]) => !accounted.has(name));
  if (left.length === all.length) return [];
  const document = { ...written(stored), omitted: Object.fromEntries(left) };
  return [{ kind: 'upsert', document }];
}
