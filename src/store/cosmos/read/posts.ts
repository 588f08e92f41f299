import type { IsoTime, Post } from '../../../domain/item.js';
import { fullname } from '../../../domain/item.js';
import type { RecentPostsQuery } from '../../store.js';
import type { Container, Query } from '../account.js';
import { type PostDocument, partitionOf } from '../documents/documents.js';
import { shownOf } from '../documents/items.js';
import { consistently } from './consistently.js';
import type { Follower } from './follower.js';
import { type NewestNow, newestFirst, type NewestPosts } from './newest-posts.js';
import { type Oldest, stillThere } from './oldest.js';

export interface PostsDeps {
  items: Container;
  follower: Follower;
  newest: NewestPosts;
  oldest: Oldest;
}

export async function readPost(
  { items, oldest }: Pick<PostsDeps, 'items' | 'oldest'>,
  id: string,
): Promise<Post | null> {
  const [found] = await items.query<PostDocument>('post', {
    text: 'SELECT * FROM c WHERE c.id = @id',
    parameters: { '@id': fullname({ kind: 'post', id }) },
    partition: null,
  });
  return found === undefined || !stillThere(found, oldest()) ? null : postOf(found);
}

/** From memory, where that reaches far enough. */
export async function recentPosts(
  { items, follower, newest, oldest }: PostsDeps,
  query: RecentPostsQuery,
): Promise<Post[]> {
  await follower.current();
  await newest.ensure();
  const inMemory = pageIn(newest.now(), query, oldest());
  if (inMemory !== null) return inMemory.map(postOf);
  const { value } = await consistently({ items, follower }, async () => {
    const found = await readPage(items, query, oldest());
    return { value: found, partitions: [...new Set(found.map(({ subreddit }) => subreddit))] };
  });
  return value.map(postOf);
}

const postOf = (document: PostDocument) => shownOf(document) as Post;

/** Null: there may be more of it than memory holds. */
function pageIn(
  now: NewestNow | null,
  query: RecentPostsQuery,
  oldest: IsoTime,
): PostDocument[] | null {
  if (now === null) return null;
  const { since, limit, subreddit, label, after } = query;
  const partition = subreddit === undefined ? undefined : partitionOf(subreddit);
  const place = after && { ...after, id: fullname({ kind: 'post', id: after.id }) };
  const found = now.posts.filter(
    (post) =>
      post.collected_at >= since &&
      (partition === undefined || post.subreddit === partition) &&
      (label === undefined || post.label === label) &&
      (place === undefined || newestFirst(place, post) < 0) &&
      stillThere(post, oldest),
  );
  const reaches = now.floor === '' || since > now.floor || found.length >= limit;
  return reaches ? found.slice(0, limit) : null;
}

/** Hardly ever is one of them past retention; only then it costs a query that no index serves. */
async function readPage(
  items: Container,
  query: RecentPostsQuery,
  oldest: IsoTime,
): Promise<PostDocument[]> {
  const read = (clamp: string) =>
    items.query<PostDocument>('recent posts', pageQuery(query, clamp));
  const found = await read('');
  return found.every((post) => stillThere(post, oldest)) ? found : read(oldest);
}

function pageQuery(query: RecentPostsQuery, oldest: IsoTime): Query {
  const { since, limit, subreddit, label, after } = query;
  const conditions = [
    `c.kind = 'post' AND c.collected_at >= @since`,
    ...(label === undefined ? [] : ['c.label = @label']),
    ...(after === undefined
      ? []
      : ['(c.collected_at < @time OR (c.collected_at = @time AND c.id < @id))']),
    ...(oldest === '' ? [] : ['(c.created_utc >= @oldest OR c.ttl = -1)']),
  ];
  return {
    // Ordered by all that the composite index has, so that it serves.
    text: `SELECT TOP ${limit} * FROM c WHERE ${conditions.join(' AND ')}
      ORDER BY c.kind DESC, c.collected_at DESC, c.id DESC`,
    parameters: {
      '@since': since,
      ...(label === undefined ? {} : { '@label': label }),
      ...(after === undefined
        ? {}
        : { '@time': after.collected_at, '@id': fullname({ kind: 'post', id: after.id }) }),
      ...(oldest === '' ? {} : { '@oldest': oldest }),
    },
    partition: subreddit === undefined ? null : partitionOf(subreddit),
  };
}
