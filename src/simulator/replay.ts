import { communitiesOf } from './community.js';
import { deal, type DealtComment, type DealtPost } from './deal.js';
import { subredditThing } from './objects.js';
import type { Recording } from './recordings.js';
import { pageOf, type ThreadComment, type TruthItem, type World } from './world.js';

export interface ReplayWorldOptions {
  items: readonly Recording[];
  subreddits: readonly string[];
  /** The instant that the replayed week ends at. */
  nowMs: number;
}

/**
 * Recorded things as one consistent week of the given subreddits (see `deal`). It stands
 * still: the same is served however long it runs.
 */
export function replayWorld({ items, subreddits, nowMs }: ReplayWorldOptions): World {
  const hands = deal(items, subreddits, nowMs);
  const byName = new Map(hands.map((hand) => [hand.subreddit.toLowerCase(), hand]));
  const posts = new Map(hands.flatMap((hand) => hand.posts).map((p) => [p.fullname, p]));
  const all = new Map(
    hands.flatMap((hand) => [...hand.posts, ...hand.comments]).map((i) => [i.fullname, i]),
  );
  const about = new Map(communitiesOf(subreddits, nowMs).map((c) => [c.name.toLowerCase(), c]));
  return {
    subreddits: [...subreddits],
    advanceTo: () => undefined,
    closed: () => null,
    listing: ({ subreddit, kind, after, limit }) => {
      const hand = byName.get(subreddit.toLowerCase());
      if (hand === undefined) return null;
      const page = pageOf(kind === 'post' ? hand.posts : hand.comments, after, limit);
      return { children: page.items.map((item) => item.thing), after: page.after };
    },
    thread: (id) => {
      const post = posts.get(`t3_${id}`);
      return post === undefined ? null : { post: post.thing, replies: repliesOf(post) };
    },
    info: (fullnames) =>
      fullnames.flatMap((fullname) => {
        const item = all.get(fullname);
        return item === undefined ? [] : [item.thing];
      }),
    about: (subreddit) => {
      const community = about.get(subreddit.toLowerCase());
      return community === undefined ? null : subredditThing(community);
    },
    served: () => ({ posts: posts.size, comments: all.size - posts.size }),
    truth: () => ({
      posts: hands.flatMap((hand) => hand.posts).map(truthOf),
      comments: hands.flatMap((hand) => hand.comments).map(truthOf),
    }),
  };
}

function truthOf({ thing }: DealtComment): TruthItem {
  const visibleMs = Number(thing.data.created_utc) * 1000;
  return { data: thing.data, listed: true, visibleMs, goneMs: null };
}

/** Comments whose parent was dealt elsewhere stand at the top of the thread. */
function repliesOf(post: DealtPost): ThreadComment[] {
  const inThread = new Set(post.comments.map((comment) => comment.fullname));
  const answering = (parent: string | null): ThreadComment[] =>
    post.comments
      .filter(({ thing }) => {
        const given = String(thing.data.parent_id);
        return parent === null ? !inThread.has(given) : given === parent;
      })
      .map(({ thing, fullname }) => ({ comment: thing, replies: answering(fullname) }));
  return answering(null);
}
