import { fullname, type IsoTime, LABELS } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { ItemDocument, PackedTitle } from '../documents/documents.js';
import { itemOf } from '../documents/items.js';
import { type Line, type LineFacts, lineOf, NO_THREAD } from '../documents/lines.js';
import type { HourSpan } from '../walks/hours.js';
import { countComments } from '../write/thread-counts.js';
import { postName } from '../write/threads.js';

/** Asks one partition. */
export type Ask = <T>(
  text: string,
  parameters: Readonly<Record<`@${string}`, unknown>>,
) => Promise<T[]>;

/** What follows from the items of an hour. */
export interface Recounted {
  lines: Line[];
  /** Of counted posts. */
  titles: PackedTitle[];
}

export const NOTHING: Readonly<Recounted> = { lines: [], titles: [] };

/** Threads whose comments are counted at once. */
const THREADS_AT_ONCE = 50;

/**
 * Reads every item of some hours, and how many comments their posts have; nothing that was derived
 * before, but for what a look at a whole thread found, which items do not tell. By hour; those
 * without items are left out.
 *
 * @param span starts of hours, the second one no longer in it
 * @param before lines that are stored
 */
export async function recount(
  ask: Ask,
  span: HourSpan,
  before: Iterable<Line>,
): Promise<Map<IsoTime, Recounted>> {
  const documents = await ask<ItemDocument>(
    `SELECT * FROM c WHERE c.kind IN ('post', 'comment')
      AND c.created_utc >= @from AND c.created_utc < @before`,
    { '@from': span.from, '@before': span.before },
  );
  const stored = await countThreads(ask, documents);
  const known = new Map(Array.from(before, (line) => [fullname(line), line.thread]));
  const hours = new Map<IsoTime, Recounted>();
  for (const document of documents) {
    const hour = hourOf(document.created_utc);
    const right = hours.get(hour) ?? { lines: [], titles: [] };
    const thread = known.get(document.id) ?? NO_THREAD;
    right.lines.push(rightLine(document, { ...thread, stored: stored.get(document.id) ?? 0 }));
    right.titles.push(...titleOf(document));
    hours.set(hour, right);
  }
  for (const { titles } of hours.values()) titles.sort(inOrder);
  return hours;
}

function rightLine(document: ItemDocument, { unreachable, read_at, stored }: LineFacts['thread']) {
  const { collected_at, ttl } = document;
  const facts = { collected_at, keep: ttl === -1, thread: { unreachable, read_at, stored } };
  return lineOf(itemOf(document), facts);
}

/** How many comments each of the posts has, by the posts' fullnames. */
async function countThreads(
  ask: Ask,
  documents: readonly ItemDocument[],
): Promise<Map<string, number>> {
  const posts = documents.flatMap((each) => (each.kind === 'post' ? [itemOf(each).id] : []));
  const counts = new Map<string, number>();
  for (let at = 0; at < posts.length; at += THREADS_AT_ONCE) {
    const some = await countComments(ask, posts.slice(at, at + THREADS_AT_ONCE));
    for (const [id, count] of some) counts.set(postName(id), count);
  }
  return counts;
}

function titleOf(document: ItemDocument): PackedTitle[] {
  if (document.kind === 'comment' || document.excluded !== null) return [];
  const { label, upvotes, comment_count, title } = document;
  const created = Date.parse(document.created_utc);
  const { id } = itemOf(document);
  return [[id, created, LABELS.indexOf(label), upvotes, comment_count, title]];
}

const inOrder = (a: PackedTitle, b: PackedTitle) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1);
