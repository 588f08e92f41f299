import type { IsoTime } from '../../../domain/item.js';
import { AppError } from '../../../errors.js';
import type { Container, Query, Versioned } from '../account.js';
import {
  HEAD_ID,
  type HeadDocument,
  hourId,
  type ItemDocument,
  type ItemsDocument,
} from '../documents/documents.js';
import { type Line, unpackLine } from '../documents/lines.js';
import type { DerivedDocument, Known } from './cache.js';

/** A partition as one attempt at a change sees it: all in one client session, each read once. */
export interface View {
  /** Null: nothing is stored of the subreddit. */
  readonly head: Versioned<HeadDocument> | null;
  /** Of the batch that is being planned. */
  readonly seq: number;
  /** Any document but the derived ones; null: there is none. */
  read<T extends ItemsDocument>(id: string): Promise<T | null>;
  /** Those that there are, by id. */
  derived(ids: readonly string[]): Promise<Map<string, DerivedDocument>>;
  /** Lines by hour; an hour of which nothing is stored has none. */
  hours(hours: Iterable<IsoTime>): Promise<Map<IsoTime, readonly Line[]>>;
  /** Those that there are, by fullname. */
  items(names: readonly string[]): Promise<Map<string, ItemDocument>>;
  /** Of this partition. */
  query<T>(text: string, parameters: Query['parameters']): Promise<T[]>;
}

export interface Place {
  items: Container;
  partition: string;
  /** Begins the names of what is asked for, in logs and figures. */
  shape: string;
}

/** So few documents are cheaper one by one than by a query. */
const FEW = 3;
/** Names in one query. */
const MANY = 200;

export async function readHead({ items, partition, shape }: Place) {
  return items.read<HeadDocument>(`${shape} head`, partition, HEAD_ID);
}

export function openView(place: Place, known: Known): View {
  const { items, partition, shape } = place;
  const byId = <T>(what: string, ids: readonly string[]) => readByIds<T>(place, what, ids);
  const derived = async (ids: readonly string[]) => {
    const missing = [...new Set(ids)].filter((id) => !known.derived.has(id));
    const found = new Map((await byId<DerivedDocument>('derived', missing)).map((d) => [d.id, d]));
    for (const id of missing) known.derived.set(id, found.get(id) ?? null);
    const all = ids.flatMap((id) => known.derived.get(id) ?? []);
    return new Map(all.map((document) => [document.id, document]));
  };
  return {
    head: known.head,
    seq: (known.head?.seq ?? 0) + 1,
    derived,
    read: async <T extends ItemsDocument>(id: string) => items.read<T>(shape, partition, id),
    hours: async (hours) => {
      const asked = [...new Set(hours)];
      await derived(asked.map(hourId));
      return new Map(asked.map((hour) => [hour, linesIn(known, hour)]));
    },
    items: async (names) => {
      const found = await byId<ItemDocument>('items', [...new Set(names)]);
      return new Map(found.map((document) => [document.id, document]));
    },
    query: async (text, parameters) => items.query(shape, { text, parameters, partition }),
  };
}

async function readByIds<T>(place: Place, what: string, ids: readonly string[]): Promise<T[]> {
  const { items, partition } = place;
  const shape = `${place.shape} ${what}`;
  if (ids.length <= FEW) {
    const read = await Promise.all(ids.map((id) => items.read(shape, partition, id)));
    return read.filter((document) => document !== null) as T[];
  }
  const found: T[] = [];
  for (let at = 0; at < ids.length; at += MANY) {
    const query = anyOf('SELECT * FROM c WHERE c.id', ids.slice(at, at + MANY));
    found.push(...(await items.query<T>(shape, { ...query, partition })));
  }
  return found;
}

/** `what` is one of the values, each of which is a parameter. */
export function anyOf(what: string, values: readonly string[]): Omit<Query, 'partition'> {
  const parameters = Object.fromEntries(values.map((value, n) => [`@p${n}`, value]));
  return { text: `${what} IN (${Object.keys(parameters).join(', ')})`, parameters };
}

function linesIn(known: Known, hour: IsoTime): readonly Line[] {
  const id = hourId(hour);
  const unpacked = known.lines.get(id);
  if (unpacked !== undefined) return unpacked;
  const document = known.derived.get(id) ?? null;
  if (document === null) return [];
  if (document.kind !== 'hour') throw new AppError('internal', `${id} is no document of an hour`);
  const lines = document.lines.map((line) => unpackLine(line, hour));
  known.lines.set(id, lines);
  return lines;
}
