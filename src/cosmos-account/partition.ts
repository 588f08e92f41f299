import { createSortedList, type SortedList } from './sorted-list.js';
import type { Ordering } from './sql/syntax.js';
import { compareValues, type JsonObject, type Value, valueAt } from './values.js';

/** An item as it is kept: its JSON as bytes, since a million parsed ones would not fit. */
export interface Stored {
  id: string;
  etag: string;
  /** Position of its creation within the container; `_rid` is made of it. */
  sequence: number;
  /** When it was last written, seconds since the epoch. */
  seconds: number;
  /** Its own time to live in seconds, -1 for ever; undefined: the container's. */
  ttl: number | undefined;
  body: Buffer;
  /** Bytes without the system's own properties, which the service does not charge. */
  size: number;
  /** Indexed values and composite entries. */
  terms: number;
}

export interface Entry {
  key: Value[];
  stored: Stored;
}

/** The items that share a partition key. */
export interface Partition {
  /** The partition key as JSON. */
  name: string;
  items: Map<string, Stored>;
  /** Stores an item, or removes the one of this id, and returns what was there before. */
  put(id: string, stored: Stored | undefined): Stored | undefined;
  /** All items in this order, then in that of their creation. Built when first asked for. */
  index(orderBy: readonly Ordering[]): SortedList<Entry>;
}

/** Queries of one program ask for a handful; this many orders of different queries are kept. */
const MAX_INDEXES = 16;

export function createPartition(name: string): Partition {
  const items = new Map<string, Stored>();
  const indexes = new Map<string, { orderBy: readonly Ordering[]; list: SortedList<Entry> }>();
  const change = (stored: Stored, how: 'insert' | 'remove') => {
    if (indexes.size === 0) return;
    const document = parsed(stored);
    for (const { orderBy, list } of indexes.values()) {
      list[how]({ key: keyOf(document, orderBy), stored });
    }
  };
  return {
    name,
    items,
    put(id, stored) {
      const before = items.get(id);
      if (before !== undefined) change(before, 'remove');
      if (stored === undefined) {
        items.delete(id);
      } else {
        items.set(id, stored);
        change(stored, 'insert');
      }
      return before;
    },
    index(orderBy) {
      const wanted = JSON.stringify(orderBy);
      const known = indexes.get(wanted);
      if (known !== undefined) return known.list;
      const [oldest] = indexes.keys();
      if (indexes.size >= MAX_INDEXES && oldest !== undefined) indexes.delete(oldest);
      const entries = entriesOf(items.values(), orderBy);
      const list = createSortedList(comparison(orderBy), entries);
      indexes.set(wanted, { orderBy, list });
      return list;
    },
  };
}

export function entriesOf(items: Iterable<Stored>, orderBy: readonly Ordering[]): Entry[] {
  const byId = orderBy.length === 0;
  return Array.from(items, (stored) => ({
    key: byId ? [] : keyOf(parsed(stored), orderBy),
    stored,
  }));
}

export function comparison(orderBy: readonly Ordering[]): (a: Entry, b: Entry) => number {
  const signs = orderBy.map(({ descending }) => (descending ? -1 : 1));
  return (a, b) => {
    for (let at = 0; at < signs.length; at += 1) {
      const order = compareValues(a.key[at], b.key[at]);
      if (order !== 0) return order * (signs[at] ?? 1);
    }
    return a.stored.sequence - b.stored.sequence;
  };
}

function keyOf(document: JsonObject, orderBy: readonly Ordering[]): Value[] {
  return orderBy.map(({ path }) => valueAt(document, path));
}

export function parsed(stored: Stored): JsonObject {
  return JSON.parse(stored.body.toString('utf8')) as JsonObject;
}
