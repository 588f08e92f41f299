/**
 * A sorted sequence in chunks, so that inserting and removing moves a chunk's entries and not all
 * of them: a partition has tens of thousands.
 */
export interface SortedList<Entry> {
  insert(entry: Entry): void;
  /** Removes the entry that compares equal; nothing when there is none. */
  remove(entry: Entry): void;
  /**
   * Entries from the first for which `before` is false, upwards.
   *
   * @param before true for entries at the beginning only: it never becomes true again.
   */
  upFrom(before: (entry: Entry) => boolean): Generator<Entry>;
  /** Entries from the last for which `before` is true, downwards. */
  downFrom(before: (entry: Entry) => boolean): Generator<Entry>;
}

const CHUNK = 512;

/**
 * @param compare a total order: different entries are never equal.
 * @param initial in any order.
 */
export function createSortedList<Entry>(
  compare: (a: Entry, b: Entry) => number,
  initial: Entry[],
): SortedList<Entry> {
  const sorted = initial.sort(compare);
  const chunks: Entry[][] = [];
  for (let at = 0; at < sorted.length; at += CHUNK) chunks.push(sorted.slice(at, at + CHUNK));
  /** The chunk that holds the first entry that is not before; the last one when all are. */
  const chunkOf = (before: (entry: Entry) => boolean) => {
    const found = firstNot(chunks, (chunk) => {
      const last = chunk.at(-1);
      return last !== undefined && before(last);
    });
    return Math.min(found, chunks.length - 1);
  };
  return {
    insert(entry) {
      const before = (other: Entry) => compare(other, entry) < 0;
      const place = chunkOf(before);
      const chunk = chunks[place];
      if (chunk === undefined) {
        chunks.push([entry]);
        return;
      }
      chunk.splice(firstNot(chunk, before), 0, entry);
      if (chunk.length > 2 * CHUNK) chunks.splice(place + 1, 0, chunk.splice(CHUNK));
    },
    remove(entry) {
      const before = (other: Entry) => compare(other, entry) < 0;
      const place = chunkOf(before);
      const chunk = chunks[place];
      if (chunk === undefined) return;
      const at = firstNot(chunk, before);
      const found = chunk[at];
      if (found === undefined || compare(found, entry) !== 0) return;
      chunk.splice(at, 1);
      if (chunk.length === 0) chunks.splice(place, 1);
    },
    *upFrom(before) {
      let place = chunkOf(before);
      let from = firstNot(chunks[place] ?? [], before);
      for (; place < chunks.length && place >= 0; place += 1, from = 0) {
        const chunk = chunks[place] ?? [];
        for (let at = from; at < chunk.length; at += 1) yield chunk[at] as Entry;
      }
    },
    *downFrom(before) {
      let place = chunkOf(before);
      let from = firstNot(chunks[place] ?? [], before) - 1;
      for (; place >= 0; place -= 1, from = (chunks[place]?.length ?? 0) - 1) {
        const chunk = chunks[place] ?? [];
        for (let at = from; at >= 0; at -= 1) yield chunk[at] as Entry;
      }
    },
  };
}

/** Position of the first element that does not pass; the length when all do. */
function firstNot<Element>(
  elements: readonly Element[],
  passes: (element: Element) => boolean,
): number {
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (passes(elements[middle] as Element)) low = middle + 1;
    else high = middle;
  }
  return low;
}
