import { asOf, type Comment, type Community, type Post, vanish } from './community.js';
import { commentThing, postThing, subredditThing } from './objects.js';
import type { weatherOver } from './weather.js';
import { pageOf, type Thing, type ThreadComment, type World } from './world.js';

/** All that a generated world holds. */
export interface State {
  communities: Community[];
  byFullname: Map<string, Post | Comment>;
  maxListing: number;
  nowMs: number;
  weather: ReturnType<typeof weatherOver>;
}

/** What Reddit shows of it. */
export function views(state: State): Omit<World, 'subreddits' | 'advanceTo'> {
  const { weather, byFullname } = state;
  const byName = new Map(state.communities.map((c) => [c.name.toLowerCase(), c]));
  const closed = (subreddit: string) => weather.closed(subreddit, state.nowMs);
  const seen = (item: Post | Comment) => item.visibleMs <= state.nowMs;
  const listedNow = () =>
    new Set([...listedItems(state)].filter((item) => closed(item.community.name) === null));
  return {
    closed: (subreddit) => (byName.has(subreddit.toLowerCase()) ? closed(subreddit) : null),
    listing: ({ subreddit, kind, after, limit }) => {
      const community = byName.get(subreddit.toLowerCase());
      if (community === undefined) return null;
      const asked = `${subreddit} ${kind} ${after}`;
      const atMs = state.nowMs - weather.ageMs(asked, state.nowMs);
      const items: (Post | Comment)[] = kind === 'post' ? community.posts : community.comments;
      const listing = weather.shuffled(listed(items, state.maxListing, atMs));
      const page = pageOf(listing, after, weather.sizeOf(asked, state.nowMs, limit));
      const children = page.items.map((item) => thingOf(asOf(item, atMs), 'listing'));
      for (const item of weather.lost(page.items)) {
        if (item.gone === null && !item.stickied) vanish(item, 'deleted', state.nowMs);
      }
      return { children, after: page.after };
    },
    thread: (id) => {
      const post = byFullname.get(`t3_${id}`);
      if (post === undefined || !('comments' in post) || !seen(post)) return null;
      return { post: postThing(post), replies: repliesIn(post, state.nowMs) };
    },
    info: (fullnames) =>
      fullnames.flatMap((fullname) => {
        const item = byFullname.get(fullname);
        if (item === undefined || !seen(item) || closed(item.community.name) !== null) return [];
        return weather.omits(fullname, state.nowMs) ? [] : [thingOf(item, 'info')];
      }),
    about: (subreddit) => {
      const community = byName.get(subreddit.toLowerCase());
      return community === undefined ? null : subredditThing(community);
    },
    served: () => {
      const items = [...listedNow()];
      const posts = items.filter((item) => 'comments' in item).length;
      return { posts, comments: items.length - posts };
    },
    truth: () => {
      const listedItemsNow = listedNow();
      const items = (all: (Post | Comment)[]) =>
        all.map((item) => ({
          data: thingOf(item, 'info').data,
          listed: listedItemsNow.has(item),
          visibleMs: item.visibleMs,
          goneMs: item.goneMs,
        }));
      return {
        posts: items(state.communities.flatMap((community) => community.posts)),
        comments: items(state.communities.flatMap((community) => community.comments)),
      };
    },
  };
}

/** What the listings of open subreddits hold now. */
export function listedItems(state: State): Set<Post | Comment> {
  const items = new Set<Post | Comment>();
  for (const { posts, comments } of state.communities) {
    for (const item of listed(posts, state.maxListing, state.nowMs)) items.add(item);
    for (const item of listed(comments, state.maxListing, state.nowMs)) items.add(item);
  }
  return items;
}

function thingOf(item: Post | Comment, where: 'listing' | 'info'): Thing {
  return 'comments' in item ? postThing(item) : commentThing(item, where);
}

/**
 * Newest first, as of an instant that may be some minutes ago. What is deleted or removed
 * leaves the listing, and an anchor with it.
 */
function* listed<T extends Post | Comment>(
  items: readonly T[],
  maxListing: number,
  atMs: number,
): Generator<T> {
  let count = 0;
  for (let at = items.length - 1; at >= 0 && count < maxListing; at -= 1) {
    const item = items[at];
    if (item === undefined || item.visibleMs > atMs) continue;
    if (item.goneMs !== null && item.goneMs <= atMs) continue;
    count += 1;
    yield item;
  }
}

/**
 * As a tree. What is gone stands only where something stands below it, though the post goes on
 * counting it; what is not seen yet hides what answers it.
 */
function repliesIn(post: Post, nowMs: number): ThreadComment[] {
  const answers = new Map<Comment | null, Comment[]>();
  for (const comment of post.comments) {
    const siblings = answers.get(comment.parent);
    if (siblings === undefined) answers.set(comment.parent, [comment]);
    else siblings.push(comment);
  }
  const below = (parent: Comment | null, depth: number): ThreadComment[] =>
    (answers.get(parent) ?? [])
      .filter((comment) => comment.visibleMs <= nowMs)
      .flatMap((comment) => {
        const replies = below(comment, depth + 1);
        if (comment.gone !== null && replies.length === 0) return [];
        return [{ comment: commentThing(comment, 'thread', depth), replies }];
      });
  return below(null, 0);
}
