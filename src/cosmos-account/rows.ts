import type { Access } from './access.js';
import type { Range } from './container.js';
import { isGone } from './documents.js';
import { comparison, type Entry, entriesOf, type Partition, type Stored } from './partition.js';
import type { JsonObject, Value } from './values.js';

/** An entry of an index and, once something needs it, its item. */
export interface Row {
  entry: Entry;
  document: JsonObject | undefined;
}

/** The last entry of a page; the next page begins after it. */
export interface Position {
  key: readonly Value[];
  sequence: number;
}

/** Which state of the items a query sees. */
export interface View {
  nowMs: number;
  /** The commits of the range that are not seen, as by a replica that lags behind. */
  unseen: Range['undo'];
}

/** Entries of several partitions in the order of the access, each partition's being in it already. */
export function* rowsOf(
  partitions: readonly Partition[],
  access: Access,
  after: Position | undefined,
  view: View,
  defaultTtl: number | undefined,
): Generator<Entry> {
  const ascending = comparison(access.index);
  const compare = access.reversed ? (a: Entry, b: Entry) => ascending(b, a) : ascending;
  const sources = partitions.map((partition) =>
    entriesIn(partition, access, after, view, ascending),
  );
  const heads = sources.map((source) => source.next());
  for (;;) {
    let least: Entry | undefined;
    let from = -1;
    for (let at = 0; at < heads.length; at += 1) {
      const head = heads[at];
      if (head === undefined || head.done === true) continue;
      if (least === undefined || compare(head.value, least) < 0) {
        least = head.value;
        from = at;
      }
    }
    const source = sources[from];
    if (least === undefined || source === undefined) return;
    heads[from] = source.next();
    if (!isGone(least.stored, defaultTtl, view.nowMs)) yield least;
  }
}

function* entriesIn(
  partition: Partition,
  access: Access,
  after: Position | undefined,
  view: View,
  compare: (a: Entry, b: Entry) => number,
): Generator<Entry> {
  const { side, reversed, index } = access;
  const last = after === undefined ? undefined : entryAt(after);
  const listed = listedItems(partition, access, view);
  if (listed !== undefined) {
    const entries = entriesOf(listed, index).sort(compare);
    const wanted = entries.filter((entry) => side(entry.key) === 0);
    for (const entry of reversed ? wanted.reverse() : wanted) {
      const order = last === undefined ? 1 : compare(entry, last);
      if (reversed && last !== undefined ? order < 0 : order > 0) yield entry;
    }
    return;
  }
  const list = partition.index(index);
  const entries = reversed
    ? list.downFrom(
        (entry) => side(entry.key) <= 0 && (last === undefined || compare(entry, last) < 0),
      )
    : list.upFrom(
        (entry) => side(entry.key) < 0 || (last !== undefined && compare(entry, last) <= 0),
      );
  for (const entry of entries) {
    if (side(entry.key) !== 0) return;
    yield entry;
  }
}

/** The items themselves, where they are few or are not those that the indexes hold. */
function listedItems(
  partition: Partition,
  { ids, alternatives }: Access,
  { unseen }: View,
): Iterable<Stored> | undefined {
  const stale = unseen.filter((change) => change.partition === partition);
  if (stale.length === 0 && ids === undefined) {
    return alternatives === undefined ? undefined : foundBy(partition, alternatives);
  }
  const items = stale.length === 0 ? partition.items : itemsBefore(partition, stale);
  if (ids === undefined) return items.values();
  return ids.flatMap((id) => items.get(id) ?? []);
}

function foundBy(partition: Partition, alternatives: readonly Access[]): Set<Stored> {
  const found = new Set<Stored>();
  for (const { ids, index, side } of alternatives) {
    for (const id of ids ?? []) {
      const stored = partition.items.get(id);
      if (stored !== undefined) found.add(stored);
    }
    if (ids !== undefined) continue;
    for (const { key, stored } of partition.index(index).upFrom((entry) => side(entry.key) < 0)) {
      if (side(key) !== 0) break;
      found.add(stored);
    }
  }
  return found;
}

function itemsBefore(partition: Partition, changes: Range['undo']): Map<string, Stored> {
  const items = new Map(partition.items);
  for (const { id, before } of [...changes].reverse()) {
    if (before === undefined) items.delete(id);
    else items.set(id, before);
  }
  return items;
}

/** Only its key and sequence are compared. */
function entryAt({ key, sequence }: Position): Entry {
  const stored: Stored = {
    ...{ id: '', etag: '', sequence, seconds: 0, ttl: undefined, size: 0, terms: 0 },
    body: Buffer.alloc(0),
  };
  return { key: [...key], stored };
}
