import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../clock.js';
import { AppError } from '../../../errors.js';
import type { FollowedDocument, FollowedKind, Holding } from './holding.js';
import { type Loader, openedAnew } from './loader.js';
import { allCalled } from './queries.js';

/** Derived documents of one kind in memory, each time with those of all subreddits. */
export interface Parts<T> {
  /**
   * Works with those of some hours, or starts of six; loaded where they are not in memory, where they
   * stay as long as they are in use, and then as long as there is room. `now` tells what they are at
   * that moment, which is of the follower's state.
   * @throws as the loader does
   */
  use<R>(keys: readonly string[], work: (now: () => PartsNow<T>) => R | Promise<R>): Promise<R>;
  bytes(): number;
  clear(): void;
}

/** By key, and then by partition. */
export type PartsNow<T> = ReadonlyMap<string, ReadonlyMap<string, T>>;

export interface PartsDeps<T> {
  kind: Exclude<FollowedKind, 'day' | 'post'>;
  /** What its document is called, in each subreddit. */
  idOf: (key: string) => string;
  /** Where the next one begins. */
  endOf: (key: string) => string;
  /** What is kept of a document; null: it is of another kind. */
  keep: (document: FollowedDocument) => T | null;
  bytesOf: (kept: T) => number;
  loader: Loader;
  registry: Set<Holding>;
  clock: Clock;
  /** Of one query. */
  atOnce: number;
  maxBytes: number;
}

interface Slot<T> extends Holding {
  documents: Map<string, T>;
  bytes: number;
  users: number;
  /** When somebody asked for it last. */
  usedMs: number;
  loading: Promise<void> | null;
  ready: boolean;
}

const EMPTY_BYTES = 300;
/** What is in use may take so many times the room, and no more. */
const MOST_IN_USE = 2;
/** Of one question: what is too much is to be noticed before all of it is there. */
const LOADS_AT_ONCE = 2;
/** What nobody asked for in so long is followed no longer: each look would ask for it. */
const IDLE_MS = 3 * 60 * 60_000;
/** The hours of 90 days. */
const MOST_SIZES = 2200;

export function createParts<T extends { seq: number }>(deps: PartsDeps<T>): Parts<T> {
  const { kind, registry, atOnce, maxBytes, clock } = deps;
  /** Those used last at the end. */
  const slots = new Map<string, Slot<T>>();
  let bytes = 0;
  /** What those took that were in memory once. */
  const sizes = new LRUCache<string, number>({ max: MOST_SIZES });

  const drop = (slot: Slot<T>) => {
    if (slot.ready) sizes.set(slot.from, slot.bytes);
    registry.delete(slot);
    if (slots.get(slot.from) !== slot) return;
    slots.delete(slot.from);
    bytes -= slot.bytes;
  };

  const makeRoom = () => {
    const idleMs = clock.monotonic() - IDLE_MS;
    for (const slot of slots.values()) {
      if (bytes <= maxBytes && slot.usedMs > idleMs) return;
      if (slot.users === 0) drop(slot);
    }
  };

  const grow = (grown: number, grew: Slot<T>) => {
    if (slots.get(grew.from) === grew) bytes += grown;
  };

  const take = (key: string): Slot<T> => {
    const slot = slots.get(key) ?? createSlot(deps, key, grow);
    if (!slots.delete(key)) bytes += slot.bytes;
    slots.set(key, slot);
    slot.users += 1;
    slot.usedMs = clock.monotonic();
    return slot;
  };

  const refuseTooMuch = () => {
    makeRoom();
    if (bytes > MOST_IN_USE * maxBytes) throw tooMuch(kind);
  };

  /** Somebody else may have begun with some of them. */
  const loadSome = async (some: readonly Slot<T>[]): Promise<void> => {
    refuseTooMuch();
    const missing = some.filter(isMissing);
    if (missing.length > 0) beginLoading(missing, deps, drop);
    await allEnded(some.map(async ({ loading }) => loading));
  };

  const loadAll = async (used: readonly Slot<T>[]): Promise<void> => {
    // What was too much before is not loaded again, at a price, to find that out.
    if (knownBytes(used, sizes) > MOST_IN_USE * maxBytes) throw tooMuch(kind);
    await inPortions(used.filter(isNotReady), atOnce, loadSome);
    refuseTooMuch();
  };

  return {
    async use(keys, work) {
      const used = [...new Set(keys)].sort().map(take);
      try {
        await loadAll(used);
        return await work(() => {
          if (used.some((slot) => slots.get(slot.from) !== slot)) throw openedAnew();
          return new Map(used.map((slot) => [slot.from, slot.documents]));
        });
      } finally {
        for (const slot of used) slot.users -= 1;
        makeRoom();
      }
    },
    bytes: () => bytes,
    clear() {
      for (const slot of slots.values()) registry.delete(slot);
      slots.clear();
      sizes.clear();
      bytes = 0;
    },
  };
}

function tooMuch(kind: string): AppError {
  return new AppError('store_busy', `More ${kind} documents are in use than there is room for`);
}

/** So many portions at once; the others after them. */
async function inPortions<T>(
  all: readonly T[],
  size: number,
  work: (some: readonly T[]) => Promise<void>,
): Promise<void> {
  const waiting: T[][] = [];
  for (let from = 0; from < all.length; from += size) waiting.push(all.slice(from, from + size));
  const go = async () => {
    for (let some = waiting.shift(); some !== undefined; some = waiting.shift()) await work(some);
  };
  await allEnded(Array.from({ length: LOADS_AT_ONCE }, go));
}

function beginLoading<T>(
  some: readonly Slot<T>[],
  { idOf, loader }: Pick<PartsDeps<T>, 'idOf' | 'loader'>,
  drop: (slot: Slot<T>) => void,
): void {
  const query = allCalled(some.map(({ from }) => idOf(from)));
  const loading = loader.load(query, some).catch((error: unknown) => {
    some.forEach(drop);
    throw error;
  });
  for (const slot of some) slot.loading = loading.then(() => void (slot.ready = true));
}

/** What they take at least. */
function knownBytes(
  used: readonly Pick<Slot<unknown>, 'ready' | 'from' | 'bytes'>[],
  sizes: LRUCache<string, number>,
): number {
  const sizeOf = ({ ready, from, bytes }: (typeof used)[number]) =>
    ready ? bytes : (sizes.get(from) ?? 0);
  return used.reduce((sum, slot) => sum + sizeOf(slot), 0);
}

function isNotReady({ ready }: Slot<unknown>): boolean {
  return !ready;
}

function isMissing({ ready, loading }: Slot<unknown>): boolean {
  return !ready && loading === null;
}

/** All of them are waited for: a failure that nobody waits for would end the process. */
async function allEnded(all: readonly Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(all);
  await Promise.all(all);
}

function createSlot<T extends { seq: number }>(
  { kind, endOf, keep, bytesOf }: PartsDeps<T>,
  key: string,
  onGrown: (bytes: number, slot: Slot<T>) => void,
): Slot<T> {
  const slot: Slot<T> = {
    ...{ kind, from: key, to: endOf(key), missed: false, ready: false, loading: null },
    ...{ documents: new Map<string, T>(), bytes: EMPTY_BYTES, users: 0, usedMs: 0 },
    put(document) {
      const kept = keep(document);
      const before = slot.documents.get(document.subreddit);
      if (kept === null || (before !== undefined && before.seq >= kept.seq)) return;
      const grown = bytesOf(kept) - (before === undefined ? 0 : bytesOf(before));
      slot.documents.set(document.subreddit, kept);
      slot.bytes += grown;
      onGrown(grown, slot);
    },
  };
  return slot;
}
