import { LRUCache } from 'lru-cache';
import type { Post } from '../../../domain/item.js';
import { fullname } from '../../../domain/item.js';
import type { RecentPostsQuery } from '../../store.js';
import type { Container, Query } from '../account.js';
import { type PostDocument, partitionOf } from '../documents/documents.js';
import { shownOf } from '../documents/items.js';
import { consistently } from './consistently.js';
import type { Follower, Mirror } from './follower.js';
import { type Oldest, stillThere } from './oldest.js';

/** Posts by name and by when they were collected. */
export interface Posts {
  one(id: string): Promise<Post | null>;
  recent(query: RecentPostsQuery): Promise<Post[]>;
}

export interface PostsDeps {
  items: Container;
  follower: Follower;
  oldest: Oldest;
}

/** The first posts from some time on, as of some heads. */
interface Page {
  heads: Mirror['heads'];
  since: string;
  posts: Post[];
}

const MAX_BYTES = 8 * 1024 * 1024;
/** Of a post without its texts. */
const POST_BYTES = 600;

export function createPosts({ items, follower, oldest }: PostsDeps): Posts {
  const pages = new LRUCache<string, Page>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ posts }, key) =>
      posts.reduce((sum, post) => sum + 2 * post.content.length + POST_BYTES, key.length + 100),
  });

  const read = async (query: RecentPostsQuery): Promise<PostDocument[]> =>
    items.query<PostDocument>('recent posts', recentQuery(query, oldest()));

  return {
    async one(id) {
      const [found] = await items.query<PostDocument>('post', {
        text: 'SELECT * FROM c WHERE c.id = @id',
        parameters: { '@id': fullname({ kind: 'post', id }) },
        partition: null,
      });
      return found === undefined || !stillThere(found, oldest()) ? null : postOf(found);
    },
    async recent(query) {
      const { since, ...others } = query;
      const key = JSON.stringify(others, Object.keys(others).sort());
      const { heads } = await follower.current();
      const page = pages.get(key);
      if (page !== undefined && isOf(page, heads) && reaches(page, query)) {
        return page.posts.filter(({ collected_at }) => collected_at >= since);
      }
      const { value, mirror } = await consistently(follower, async () => {
        const found = await read(query);
        return { value: found.map(postOf), partitions: found.map(({ subreddit }) => subreddit) };
      });
      pages.set(key, { heads: mirror.heads, since, posts: value });
      return value;
    },
  };
}

const postOf = (document: PostDocument) => shownOf(document) as Post;

/** Whether no partition has moved since. */
function isOf({ heads }: Page, now: Mirror['heads']): boolean {
  return (
    heads === now ||
    (heads.size === now.size && [...now].every(([each, { seq }]) => heads.get(each)?.seq === seq))
  );
}

/** Whether the page has all that there is from that time on. */
function reaches({ since, posts }: Page, query: RecentPostsQuery): boolean {
  return query.since >= since || posts.length === query.limit;
}

function recentQuery(query: RecentPostsQuery, oldest: string): Query {
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
