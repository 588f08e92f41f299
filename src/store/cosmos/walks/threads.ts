import { fullname, type IsoTime } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { TimeWindow } from '../../common.js';
import type { ShortThread, ShortThreadsQuery, StrayPostsQuery } from '../../upkeep-store.js';
import type { Container, Query } from '../account.js';
import { partitionOf } from '../documents/documents.js';
import { missingOf, type Thread } from '../documents/lines.js';
import { newestFirst } from './created.js';
import { hoursIn, hoursSince } from './hours.js';

/** Which hours have such threads is indexed; what doubt makes short is known to the lines alone. */
export async function shortThreads(
  items: Container,
  { subreddit, since, limit, doubted }: ShortThreadsQuery,
): Promise<ShortThread[]> {
  const which = doubted === undefined ? 'short' : 'all';
  const hours = await hoursSince(items, subreddit, since, which);
  return hours
    .flatMap(({ lines }) => lines)
    .flatMap(({ id, created_utc, thread }) => {
      const missing = thread === null ? 0 : missingOf(withDoubt(thread, doubted));
      return missing > 0 && created_utc >= since ? [{ id, created_utc, missing }] : [];
    })
    .sort(newestFirst)
    .slice(0, limit);
}

function withDoubt(thread: Thread, doubted: TimeWindow | undefined): Thread {
  const { read_at } = thread;
  const isDoubted =
    doubted !== undefined && read_at !== null && read_at >= doubted.from && read_at < doubted.to;
  return isDoubted ? { ...thread, unreachable: 0 } : thread;
}

/** Posts whose presence is asked for at once. */
const ASKED_AT_ONCE = 100;

/** Where comments come in several pages, those of the first pages; within a page, of the newest comments. */
export async function strayPosts(
  items: Container,
  { subreddit, limit, ...query }: StrayPostsQuery,
): Promise<string[]> {
  const pages =
    'window' in query
      ? [await commentsCreated(items, subreddit, query.window)]
      : commentsStored(items, subreddit, query.storedSince);
  const known = new Set<string>();
  const strays: string[] = [];
  for await (const comments of pages) {
    const threads = newestByThread(comments).filter(({ id }) => !known.has(id));
    for (const { id } of threads) known.add(id);
    threads.sort(newestFirst);
    for (let from = 0; from < threads.length && strays.length < limit; from += ASKED_AT_ONCE) {
      const ids = threads.slice(from, from + ASKED_AT_ONCE).map(({ id }) => id);
      const stored = await storedPosts(items, subreddit, ids);
      strays.push(...ids.filter((id) => !stored.has(fullname({ kind: 'post', id }))));
    }
    if (strays.length >= limit) break;
  }
  return strays.slice(0, limit);
}

interface Told {
  post_id: string;
  created_utc: IsoTime;
}

/** With its place among those that were stored. */
interface Stored extends Told {
  collected_at: IsoTime;
  id: string;
}

async function commentsCreated(
  items: Container,
  subreddit: string,
  { from, to }: TimeWindow,
): Promise<Told[]> {
  const hours = await hoursIn(items, subreddit, [{ from: hourOf(from), before: to }]);
  return hours
    .flatMap(({ lines }) => lines)
    .filter(({ kind, created_utc: at }) => kind === 'comment' && at >= from && at < to);
}

/** More than between two refreshes; an import may bring any number. */
const STORED_AT_ONCE = 5000;

/** In pages, what was stored last first. */
async function* commentsStored(
  items: Container,
  subreddit: string,
  since: IsoTime,
): AsyncGenerator<Told[]> {
  let after: Stored | undefined;
  do {
    const query = storedQuery(since, after);
    const partition = partitionOf(subreddit);
    const page = await items.query<Stored>('comments stored since', { ...query, partition });
    yield page;
    after = page.length < STORED_AT_ONCE ? undefined : page.at(-1);
  } while (after !== undefined);
}

/** Ordered by all that the composite index has, so that it serves. */
function storedQuery(since: IsoTime, after: Stored | undefined): Omit<Query, 'partition'> {
  const behind = ' AND (c.collected_at < @time OR (c.collected_at = @time AND c.id < @id))';
  return {
    text: `SELECT TOP ${STORED_AT_ONCE} c.post_id, c.created_utc, c.collected_at, c.id FROM c
      WHERE c.kind = 'comment' AND c.collected_at >= @since${after === undefined ? '' : behind}
      ORDER BY c.kind DESC, c.collected_at DESC, c.id DESC`,
    parameters: {
      '@since': since,
      ...(after && { '@time': after.collected_at, '@id': after.id }),
    },
  };
}

/** The post of each thread with the time of its newest comment. */
function newestByThread(comments: readonly Told[]): { id: string; created_utc: IsoTime }[] {
  const newest = new Map<string, IsoTime>();
  for (const { post_id, created_utc } of comments) {
    const known = newest.get(post_id);
    if (known === undefined || known < created_utc) newest.set(post_id, created_utc);
  }
  return [...newest].map(([id, created_utc]) => ({ id, created_utc }));
}

/** Which of the posts are stored, by fullname. */
async function storedPosts(
  items: Container,
  subreddit: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const found = await items.query<string>('stored posts', {
    text: 'SELECT VALUE c.id FROM c WHERE ARRAY_CONTAINS(@ids, c.id)',
    parameters: { '@ids': ids.map((id) => fullname({ kind: 'post', id })) },
    partition: partitionOf(subreddit),
  });
  return new Set(found);
}
