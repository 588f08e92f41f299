import { type Comment, fullname, type IsoTime } from '../../../domain/item.js';
import type { CommentsPage, CommentsQuery } from '../../store.js';
import type { Container, Query } from '../account.js';
import type { CommentDocument, ItemDocument } from '../documents/documents.js';
import { shownOf } from '../documents/items.js';
import { consistently } from './consistently.js';
import type { Follower, Mirror } from './follower.js';
import { type Oldest, stillThere } from './oldest.js';

export interface CommentsDeps {
  items: Container;
  follower: Follower;
  oldest: Oldest;
}

export async function readComments(
  { items, follower, oldest }: CommentsDeps,
  query: CommentsQuery,
): Promise<CommentsPage | null> {
  const { value, mirror } = await consistently({ items, follower }, async () => {
    const found = await pageOf(items, query, oldest());
    const known = found.length > 0 ? found : await findThread(items, query.postId, oldest());
    const partitions = [...new Set(known.map(({ subreddit }) => subreddit))];
    return { value: { found, partitions }, partitions };
  });
  const { found, partitions } = value;
  if (partitions.length === 0) return null;
  return {
    comments: found.map((document) => shownOf(document) as Comment),
    // A thread is in one partition, so that nothing in it is dated back behind this.
    asOf: query.asOf ?? newestStamp(mirror, partitions),
  };
}

/** Hardly ever is one of them past retention; only then it costs a query that no index serves. */
async function pageOf(
  items: Container,
  query: CommentsQuery,
  oldest: string,
): Promise<CommentDocument[]> {
  const read = (clamp: string) => items.query<CommentDocument>('comments', pageQuery(query, clamp));
  const found = await read('');
  return found.every((document) => stillThere(document, oldest)) ? found : read(oldest);
}

function pageQuery({ postId, limit, asOf, after }: CommentsQuery, oldest: string): Query {
  const conditions = [
    `c.kind = 'comment' AND c.post_id = @post`,
    ...(asOf === undefined ? [] : ['c.collected_at <= @asOf']),
    ...(after === undefined
      ? []
      : ['(c.created_utc > @time OR (c.created_utc = @time AND c.id > @id))']),
    ...(oldest === '' ? [] : ['(c.created_utc >= @oldest OR c.ttl = -1)']),
  ];
  return {
    text: `SELECT TOP ${limit} * FROM c WHERE ${conditions.join(' AND ')}
      ORDER BY c.post_id, c.created_utc, c.id`,
    parameters: {
      '@post': postId,
      ...(asOf === undefined ? {} : { '@asOf': asOf }),
      ...(after === undefined
        ? {}
        : { '@time': after.created_utc, '@id': fullname({ kind: 'comment', id: after.id }) }),
      ...(oldest === '' ? {} : { '@oldest': oldest }),
    },
    partition: null,
  };
}

type Known = Pick<ItemDocument, 'subreddit' | 'created_utc' | 'ttl'>;

/** Some of what is stored of a post and its comments. */
async function findThread(items: Container, id: string, oldest: string): Promise<Known[]> {
  const found = await items.query<Known>('thread', {
    text: `SELECT TOP 20 c.subreddit, c.created_utc, c.ttl FROM c WHERE c.id = @name OR c.post_id = @id`,
    parameters: { '@name': fullname({ kind: 'post', id }), '@id': id },
    partition: null,
  });
  return found.filter((each) => stillThere(each, oldest));
}

function newestStamp({ heads }: Mirror, partitions: readonly string[]): IsoTime {
  const stamps = partitions.map((each) => heads.get(each)?.stamp ?? '');
  return stamps.reduce((a, b) => (a > b ? a : b), '');
}
