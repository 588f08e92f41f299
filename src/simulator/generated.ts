import { type Comment, type Community, communitiesOf, type Post } from './community.js';
import {
  type WorldEvent,
  applyEvent,
  eventsOf,
  MINUTE_MS,
  openCommunity,
  type Rates,
  type Scene,
} from './events.js';
import { commentThing, postThing, subredditThing } from './objects.js';
import { hash32 } from './random.js';
import { type Page, pageOf, type Thing, type ThreadComment, type World } from './world.js';

export interface GeneratedWorldOptions {
  seed: number;
  /** When the world is looked at first, ms since the epoch; it has a history by then. */
  startMs: number;
  subreddits: readonly string[];
  /** Over all subreddits together. */
  postsPerHour?: number;
  commentsPerHour?: number;
  /** How much of the past exists at the start. */
  historyHours?: number;
  /** Where a listing ends, as Reddit's do near 1,000. */
  maxListing?: number;
}

/** The volume the system is designed for, over the default subreddits: 44 posts and 231 comments each half hour. */
const REAL_RATES: Rates = { postsPerHour: 88, commentsPerHour: 462 };
const HOUR_MS = 3_600_000;
const REAL_HISTORY_HOURS = 8.7;
/** Threads this old are forgotten once nothing of them is listed, so that memory stays flat. */
const FORGET_AFTER_MS = 240 * HOUR_MS;

interface State {
  communities: Community[];
  byFullname: Map<string, Post | Comment>;
  maxListing: number;
  nextId: (kind: 't1' | 't3', createdMs: number) => string;
}

/**
 * Communities that go on producing posts, comments, edits, votes and deletions as the
 * clock moves. The same seed, start and rates give the same world at every instant,
 * however often and in whatever steps it is advanced.
 */
export function generatedWorld(options: GeneratedWorldOptions): World {
  const { seed, startMs, subreddits, maxListing = 900 } = options;
  const rates = {
    postsPerHour: options.postsPerHour ?? REAL_RATES.postsPerHour,
    commentsPerHour: options.commentsPerHour ?? REAL_RATES.commentsPerHour,
  };
  const originMs = startMs - (options.historyHours ?? REAL_HISTORY_HOURS) * HOUR_MS;
  const state: State = {
    communities: communitiesOf(subreddits, originMs),
    byFullname: new Map(),
    maxListing,
    nextId: idsFor(hash32(`${seed} ${startMs}`)),
  };
  const scene = sceneOf(state);
  for (const community of state.communities) openCommunity(community, originMs, scene);
  const advanceTo = timeline(seed, rates, originMs, scene, () => forget(state));
  advanceTo(startMs);
  return { subreddits: [...subreddits], advanceTo, ...views(state) };
}

/** Lets events take place in order, each minute planned when it begins. */
function timeline(
  seed: number,
  rates: Rates,
  originMs: number,
  scene: Scene,
  onHour: () => void,
): (nowMs: number) => void {
  let minute = Math.floor(originMs / MINUTE_MS);
  let pending: WorldEvent[] = eventsOf(seed, minute, rates).filter((h) => h.atMs >= originMs);
  return (nowMs) => {
    for (;;) {
      const due = pending.findIndex((event) => event.atMs > nowMs);
      for (const event of pending.splice(0, due === -1 ? pending.length : due)) {
        applyEvent(event, scene);
      }
      if ((minute + 1) * MINUTE_MS > nowMs) return;
      minute += 1;
      if (minute % 60 === 0) onHour();
      pending = eventsOf(seed, minute, rates);
    }
  };
}

/**
 * Ids grow with time. The world's salt keeps two worlds of one store apart, whose times
 * overlap because the simulator was started again.
 */
function idsFor(salt: number): State['nextId'] {
  const SALTS = 1296;
  const last = { t1: 0, t3: 0 };
  return (kind, createdMs) => {
    last[kind] = Math.max(last[kind] + 1, Math.floor(createdMs / 1000));
    return (last[kind] * SALTS + (salt % SALTS)).toString(36);
  };
}

function sceneOf(state: State): Scene {
  return {
    communities: state.communities,
    addPost: (content) => {
      const id = state.nextId('t3', content.createdMs);
      const post = { ...content, id, fullname: `t3_${id}` };
      post.community.posts.push(post);
      state.byFullname.set(post.fullname, post);
      return post;
    },
    addComment: (content) => {
      const id = state.nextId('t1', content.createdMs);
      const comment = { ...content, id, fullname: `t1_${id}` };
      comment.community.comments.push(comment);
      comment.post.comments.push(comment);
      state.byFullname.set(comment.fullname, comment);
      return comment;
    },
  };
}

function views(state: State): Omit<World, 'subreddits' | 'advanceTo'> {
  const byName = new Map(state.communities.map((c) => [c.name.toLowerCase(), c]));
  return {
    listing: ({ subreddit, kind, after, limit }): Page | null => {
      const community = byName.get(subreddit.toLowerCase());
      if (community === undefined) return null;
      const items = kind === 'post' ? community.posts : community.comments;
      const page = pageOf(listed<Post | Comment>(items, state.maxListing), after, limit);
      return {
        children: page.items.map((item) => thingOf(item, 'listing')),
        after: page.after,
      };
    },
    thread: (id) => {
      const post = state.byFullname.get(`t3_${id}`);
      if (post === undefined || !('comments' in post)) return null;
      return { post: postThing(post), replies: repliesTo(null, post, 0) };
    },
    info: (fullnames) =>
      fullnames.flatMap((fullname) => {
        const item = state.byFullname.get(fullname);
        return item === undefined ? [] : [thingOf(item, 'info')];
      }),
    about: (subreddit) => {
      const community = byName.get(subreddit.toLowerCase());
      return community === undefined ? null : subredditThing(community);
    },
    served: () => {
      const fullnames = [...listedFullnames(state)];
      const posts = fullnames.filter((fullname) => fullname.startsWith('t3_')).length;
      return { posts, comments: fullnames.length - posts };
    },
    truth: () => {
      const seen = listedFullnames(state);
      const items = (all: (Post | Comment)[]) =>
        all.map((item) => ({
          data: thingOf(item, 'info').data,
          listed: seen.has(item.fullname),
        }));
      return {
        posts: items(state.communities.flatMap((community) => community.posts)),
        comments: items(state.communities.flatMap((community) => community.comments)),
      };
    },
  };
}

function thingOf(item: Post | Comment, where: 'listing' | 'info'): Thing {
  return 'comments' in item ? postThing(item) : commentThing(item, where);
}

/** Newest first. What is deleted or removed leaves the listing, and an anchor with it. */
function* listed<T extends Post | Comment>(items: readonly T[], maxListing: number): Generator<T> {
  let count = 0;
  for (let at = items.length - 1; at >= 0 && count < maxListing; at -= 1) {
    const item = items[at];
    if (item === undefined || item.gone !== null) continue;
    count += 1;
    yield item;
  }
}

function repliesTo(parent: Comment | null, post: Post, depth: number): ThreadComment[] {
  return post.comments
    .filter((comment) => comment.parent === parent)
    .map((comment) => ({
      comment: commentThing(comment, 'thread', depth),
      replies: repliesTo(comment, post, depth + 1),
    }));
}

function listedFullnames(state: State): Set<string> {
  const fullnames = new Set<string>();
  for (const { posts, comments } of state.communities) {
    for (const item of listed(posts, state.maxListing)) fullnames.add(item.fullname);
    for (const item of listed(comments, state.maxListing)) fullnames.add(item.fullname);
  }
  return fullnames;
}

/** Whole threads go at once, so that `num_comments` always equals what the thread shows. */
function forget(state: State): void {
  const newest = Math.max(...state.communities.map((c) => c.posts.at(-1)?.createdMs ?? 0));
  const seen = listedFullnames(state);
  for (const community of state.communities) {
    const old = (post: Post) =>
      post.createdMs < newest - FORGET_AFTER_MS &&
      !seen.has(post.fullname) &&
      !post.comments.some((comment) => seen.has(comment.fullname));
    const forgotten = new Set(community.posts.filter(old));
    if (forgotten.size === 0) continue;
    for (const post of forgotten) {
      state.byFullname.delete(post.fullname);
      for (const comment of post.comments) state.byFullname.delete(comment.fullname);
    }
    community.posts = community.posts.filter((post) => !forgotten.has(post));
    community.comments = community.comments.filter((comment) => !forgotten.has(comment.post));
  }
}
