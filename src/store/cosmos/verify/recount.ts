import { fullname, type IsoTime, LABELS } from '../../../domain/item.js';
import type { ItemDocument, PackedTitle } from '../documents/documents.js';
import { itemOf } from '../documents/items.js';
import { type Line, lineOf, NO_THREAD } from '../documents/lines.js';
import { anyOf } from '../write/view.js';
import { later } from './stretch.js';

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

/** Threads whose comments are counted at once. */
const THREADS_AT_ONCE = 50;

/**
 * Reads every item of an hour, and how many comments its posts have; nothing that was derived before, but
 * for what a look at a whole thread found, which items do not tell.
 */
export async function recount(
  ask: Ask,
  hour: IsoTime,
  before: readonly Line[],
): Promise<Recounted> {
  const documents = await ask<ItemDocument>(
    `SELECT * FROM c WHERE c.kind IN ('post', 'comment')
      AND c.created_utc >= @from AND c.created_utc < @before`,
    { '@from': hour, '@before': later(hour, 1) },
  );
  const stored = await countThreads(ask, documents);
  const known = new Map(before.map((line) => [fullname(line), line.thread]));
  const lines = documents.map((document) => {
    const { unreachable, read_at } = known.get(document.id) ?? NO_THREAD;
    const item = itemOf(document);
    return lineOf(item, {
      collected_at: document.collected_at,
      keep: document.ttl === -1,
      thread: { unreachable, read_at, stored: stored.get(item.id) ?? 0 },
    });
  });
  return { lines, titles: documents.flatMap(titleOf).sort(inOrder) };
}

/** Comments by the id of their post. */
async function countThreads(
  ask: Ask,
  documents: readonly ItemDocument[],
): Promise<Map<string, number>> {
  const posts = documents.flatMap((document) =>
    document.kind === 'post' ? [itemOf(document).id] : [],
  );
  const counts = new Map<string, number>();
  for (let at = 0; at < posts.length; at += THREADS_AT_ONCE) {
    const { text, parameters } = anyOf('c.post_id', posts.slice(at, at + THREADS_AT_ONCE));
    const comments = `SELECT VALUE c.post_id FROM c WHERE c.kind = 'comment' AND ${text}`;
    for (const id of await ask<string>(comments, parameters)) {
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
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
