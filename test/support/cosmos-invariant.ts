import { LABELS } from '../../src/domain/item.js';
import {
  addCounts,
  type Counts,
  countsOf,
  hourOf,
  NO_COUNTS,
  threadCounts,
} from '../../src/domain/rollup.js';
import { unpackCounts } from '../../src/store/cosmos/documents/counts.js';
import type { ItemDocument, ItemsDocument } from '../../src/store/cosmos/documents/documents.js';
import { itemOf } from '../../src/store/cosmos/documents/items.js';
import { hashOf, type Line, unpackLine } from '../../src/store/cosmos/documents/lines.js';

/**
 * What is wrong in a partition, recounted item by item: lines against items, days against lines,
 * titles against counted posts, the head's number of items.
 */
export function faultsIn(documents: readonly ItemsDocument[]): string[] {
  const items = documents.filter((each): each is ItemDocument => isItem(each));
  const lines = documents.flatMap((each) =>
    each.kind === 'hour' ? each.lines.map((line) => unpackLine(line, each.hour)) : [],
  );
  const head = documents.find((each) => each.kind === 'head');
  return [
    ...different('items', head?.items ?? 0, items.length),
    ...different('lines', lines.map(factsOfLine).sort(), items.map(factsOfItem).sort()),
    ...different('stored', storedIn(lines), storedOf(items)),
    ...different('days', daysIn(documents), recounted(items, lines)),
    ...different('titles', titlesIn(documents), titlesOf(items)),
  ];
}

const isItem = ({ kind }: ItemsDocument) => kind === 'post' || kind === 'comment';

function different(what: string, stored: unknown, wanted: unknown): string[] {
  const [a, b] = [JSON.stringify(stored), JSON.stringify(wanted)];
  return a === b ? [] : [`${what}: ${a} instead of ${b}`];
}

function factsOfLine(line: Line): string {
  const { kind, id, created_utc, collected_at, label, score, excluded, upvotes, hash } = line;
  const facts = [kind, id, created_utc, collected_at, label, score, excluded, upvotes, hash];
  return JSON.stringify([...facts, line.post_id, line.thread?.comment_count ?? null, line.keep]);
}

function factsOfItem(document: ItemDocument): string {
  const { kind, created_utc, collected_at, label, score, excluded, upvotes } = document;
  const item = itemOf(document);
  return JSON.stringify([
    ...[kind, item.id, created_utc, collected_at, label, score, excluded, upvotes, hashOf(item)],
    document.kind === 'comment' ? document.post_id : '',
    document.kind === 'post' ? document.comment_count : null,
    document.ttl === -1,
  ]);
}

function storedIn(lines: readonly Line[]): string[] {
  return lines.flatMap(({ id, thread }) => (thread ? `${id} ${thread.stored}` : [])).sort();
}

function storedOf(items: readonly ItemDocument[]): string[] {
  return items
    .filter(({ kind }) => kind === 'post')
    .map(({ id }) => `${id.slice(3)} ${commentsOf(items, id.slice(3))}`)
    .sort();
}

const commentsOf = (items: readonly ItemDocument[], postId: string) =>
  items.filter((each) => each.kind === 'comment' && each.post_id === postId).length;

function daysIn(documents: readonly ItemsDocument[]): [string, Counts][] {
  return documents
    .flatMap((each) =>
      each.kind === 'day'
        ? Object.entries(each.hours).map(([hour, packed]): [string, Counts] => [
            `${each.day}T${hour}`,
            unpackCounts(packed),
          ])
        : [],
    )
    .sort(byPlace);
}

/** What is out of reach in threads only the lines know. */
function recounted(items: readonly ItemDocument[], lines: readonly Line[]): [string, Counts][] {
  const hours = new Map<string, Counts>();
  const unreachable = new Map(lines.map(({ id, thread }) => [`t3_${id}`, thread?.unreachable]));
  for (const item of items.filter(({ excluded }) => excluded === null)) {
    const hour = hourOf(item.created_utc).slice(0, 13);
    const one = countsOf(item.kind, item.label, item.score, item.created_utc);
    const thread =
      item.kind === 'post'
        ? threadCounts({
            comment_count: item.comment_count,
            unreachable: unreachable.get(item.id) ?? 0,
            stored: commentsOf(items, item.id.slice(3)),
          })
        : {};
    hours.set(
      hour,
      addCounts(addCounts(hours.get(hour) ?? NO_COUNTS, one), { ...NO_COUNTS, ...thread }),
    );
  }
  return [...hours].sort(byPlace);
}

const byPlace = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

function titlesIn(documents: readonly ItemsDocument[]): unknown[] {
  return documents.flatMap((each) => (each.kind === 'titles' ? each.posts : [])).sort(byTime);
}

function titlesOf(items: readonly ItemDocument[]): unknown[] {
  return items
    .flatMap((each) =>
      each.kind === 'post' && each.excluded === null
        ? [
            [
              ...[each.id.slice(3), Date.parse(each.created_utc), LABELS.indexOf(each.label)],
              ...[each.upvotes, each.comment_count, each.title],
            ],
          ]
        : [],
    )
    .sort(byTime);
}

const byTime = (a: readonly unknown[], b: readonly unknown[]) =>
  Number(a[1]) - Number(b[1]) || (String(a[0]) < String(b[0]) ? -1 : 1);
