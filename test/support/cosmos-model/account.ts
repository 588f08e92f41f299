import type { Random } from '../../../src/simulator/random.js';
import { type Day, type Document, dayId, type State, type Stored } from './documents.js';

/** One operation of a batch, as the service has them. */
export type Operation =
  | { kind: 'create'; id: string; document: Document }
  | { kind: 'replace'; id: string; document: Document; ifMatch?: number }
  | { kind: 'upsert'; id: string; document: Document }
  | { kind: 'delete'; id: string }
  /** Only broken protocols add on the server's side. */
  | { kind: 'increment'; by: Day };

/** Which documents are read as of one moment: those of the ids, or a page of a query. */
export type Wanted = readonly string[] | 'items' | DaysPage;

/** Rollups written after a seq: those of even days, or of odd ones. */
export interface DaysPage {
  since: number;
  page: 0 | 1;
}

/** Moment of a partition: how many commits it has seen. What a session token holds. */
export type Moment = number;

/** Why a batch was refused: nothing of it was applied. */
export type Refusal = 'conflict' | 'precondition' | 'missing';

/**
 * An account with session consistency: each partition applies batches whole and in one order, and a
 * read shows some moment of it that is not before the one of the token it brings.
 */
export interface Account {
  read(partition: string, wanted: Wanted, moment: Moment): Stored[];
  /** The newest moment, or an older one that a read with this token may be shown. */
  someMoment(partition: string, atLeast: Moment, staleness: number, random: Random): Moment;
  now(partition: string): { state: State; moment: Moment };
  apply(partition: string, operations: readonly Operation[]): Refusal | null;
  /** Removes a document as its time to live does: beside all batches, leaving the others alone. */
  expire(partition: string, id: string): void;
}

/** No replica is further behind than this. */
const MOST_BEHIND = 8;
const NOTHING: State = new Map();

export function createAccount(): Account {
  /** By partition: its states, by moment. */
  const partitions = new Map<string, State[]>();
  let etags = 0;
  const statesOf = (partition: string): State[] => {
    const states = partitions.get(partition) ?? [NOTHING];
    partitions.set(partition, states);
    return states;
  };
  const now: Account['now'] = (partition) => {
    const states = statesOf(partition);
    return { state: states.at(-1) ?? NOTHING, moment: states.length - 1 };
  };
  const nextEtag = () => {
    etags += 1;
    return etags;
  };
  return {
    now,
    read: (partition, wanted, moment) => chosen(statesOf(partition)[moment] ?? NOTHING, wanted),
    someMoment: (partition, atLeast, staleness, random) => {
      const { moment } = now(partition);
      if (!random.chance(staleness)) return moment;
      const first = Math.max(atLeast, moment - MOST_BEHIND, 0);
      return first + random.integer(moment - first + 1);
    },
    apply: (partition, operations) => {
      const next = new Map(now(partition).state);
      for (const operation of operations) {
        const refusal = applyOne(next, operation, nextEtag);
        if (refusal !== null) return refusal;
      }
      statesOf(partition).push(next);
      return null;
    },
    expire: (partition, id) => {
      const next = new Map(now(partition).state);
      next.delete(id);
      statesOf(partition).push(next);
    },
  };
}

function chosen(state: State, wanted: Wanted): Stored[] {
  const stored = [...state.values()];
  if (wanted === 'items') return stored.filter(({ document }) => document.kind === 'item');
  if (!('page' in wanted)) return wanted.flatMap((id) => state.get(id) ?? []);
  return stored.filter(
    ({ document }) =>
      document.kind === 'day' && document.seq > wanted.since && document.day % 2 === wanted.page,
  );
}

function applyOne(
  state: Map<string, Stored>,
  operation: Operation,
  nextEtag: () => number,
): Refusal | null {
  if (operation.kind === 'increment') {
    const id = dayId(operation.by.day);
    state.set(id, { id, etag: nextEtag(), document: sum(state.get(id)?.document, operation.by) });
    return null;
  }
  const { kind, id } = operation;
  const before = state.get(id);
  if (kind === 'create' && before !== undefined) return 'conflict';
  if ((kind === 'replace' || kind === 'delete') && before === undefined) return 'missing';
  if (kind === 'replace' && ![undefined, before?.etag].includes(operation.ifMatch)) {
    return 'precondition';
  }
  if (kind === 'delete') state.delete(id);
  else state.set(id, { id, etag: nextEtag(), document: operation.document });
  return null;
}

function sum(before: Document | undefined, by: Day): Day {
  if (before?.kind !== 'day') return by;
  return { ...by, count: before.count + by.count, sum: before.sum + by.sum };
}
