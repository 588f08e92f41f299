import { communitiesOf, type Post } from './community.js';
import {
  type WorldEvent,
  applyEvent,
  eventsOf,
  MINUTE_MS,
  openCommunity,
  type Rates,
  type Scene,
} from './events.js';
import { hash32 } from './random.js';
import { listedItems, type State, views } from './views.js';
import { CALM, type Weather, weatherOver } from './weather.js';
import type { World } from './world.js';

export interface GeneratedWorldOptions {
  seed: number;
  /** When the world is looked at first, ms since the epoch; it has a history by then. */
  startMs: number;
  subreddits: readonly string[];
  /** How the activity is spread over them; real unevenness by default. */
  weights?: number[];
  /** Over all subreddits together. */
  postsPerHour?: number;
  commentsPerHour?: number;
  /** How much of the past exists at the start. */
  historyHours?: number;
  /** Where a listing ends, as Reddit's do near 1,000. */
  maxListing?: number;
  /** Threads this old are forgotten once nothing of them is listed; Infinity: never. */
  forgetAfterHours?: number;
  /** What of the ideal Reddit goes wrong; by default nothing. */
  weather?: Partial<Weather>;
  /** Stands at the end of the text of the item with this fullname. */
  markOf?: (fullname: string) => string;
}

/** The volume the system is designed for, over the default subreddits: 44 posts and 231 comments each half hour. */
const REAL_RATES = { postsPerHour: 88, commentsPerHour: 462 };
const HOUR_MS = 3_600_000;
const REAL_HISTORY_HOURS = 8.7;
/** So that memory stays flat. */
const FORGET_AFTER_HOURS = 240;

/**
 * Communities that go on producing posts, comments, edits, votes and deletions as the
 * clock moves. The same seed, start and rates give the same world at every instant,
 * however often and in whatever steps it is advanced; only anchors that the weather lets
 * vanish depend on what was asked.
 */
export function generatedWorld(options: GeneratedWorldOptions): World {
  const { seed, startMs, subreddits, maxListing = 900 } = options;
  const weather = { ...CALM, ...options.weather };
  const rates = {
    postsPerHour: options.postsPerHour ?? REAL_RATES.postsPerHour,
    commentsPerHour: options.commentsPerHour ?? REAL_RATES.commentsPerHour,
    lateChanges: weather.lateChanges,
  };
  const originMs = startMs - (options.historyHours ?? REAL_HISTORY_HOURS) * HOUR_MS;
  const state: State = {
    communities: communitiesOf(subreddits, originMs, options.weights),
    byFullname: new Map(),
    maxListing,
    nowMs: startMs,
    weather: weatherOver(seed, weather),
  };
  const nextId = idsFor(hash32(`${seed} ${startMs}`));
  const scene = sceneOf(state, nextId, options.markOf ?? (() => ''));
  for (const community of state.communities) openCommunity(community, originMs, scene);
  const forgetAfterMs = (options.forgetAfterHours ?? FORGET_AFTER_HOURS) * HOUR_MS;
  const advance = timeline(seed, rates, originMs, scene, () => forget(state, forgetAfterMs));
  advance(startMs);
  return {
    subreddits: [...subreddits],
    advanceTo: (nowMs) => {
      advance(nowMs);
      state.nowMs = Math.max(state.nowMs, nowMs);
    },
    ...views(state),
  };
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

type NextId = (kind: 't1' | 't3', createdMs: number) => string;

/**
 * Ids grow with time. The world's salt keeps two worlds of one store apart, whose times
 * overlap because the simulator was started again.
 */
function idsFor(salt: number): NextId {
  const SALTS = 1296;
  const last = { t1: 0, t3: 0 };
  return (kind, createdMs) => {
    last[kind] = Math.max(last[kind] + 1, Math.floor(createdMs / 1000));
    return (last[kind] * SALTS + (salt % SALTS)).toString(36);
  };
}

function sceneOf(state: State, nextId: NextId, markOf: (fullname: string) => string): Scene {
  const given = (kind: 't1' | 't3', createdMs: number) => {
    const id = nextId(kind, createdMs);
    const fullname = `${kind}_${id}`;
    const visibleMs = createdMs + state.weather.delayMs(fullname);
    return { id, fullname, visibleMs, mark: markOf(fullname) };
  };
  return {
    communities: state.communities,
    addPost: (content) => {
      const post = { ...content, ...given('t3', content.createdMs) };
      post.community.posts.push(post);
      state.byFullname.set(post.fullname, post);
      return post;
    },
    addComment: (content) => {
      const comment = { ...content, ...given('t1', content.createdMs) };
      comment.community.comments.push(comment);
      comment.post.comments.push(comment);
      state.byFullname.set(comment.fullname, comment);
      return comment;
    },
  };
}

/** Whole threads go at once, so that `num_comments` always equals what the thread shows. */
function forget(state: State, afterMs: number): void {
  const newest = Math.max(...state.communities.map((c) => c.posts.at(-1)?.createdMs ?? 0));
  const seen = listedItems(state);
  for (const community of state.communities) {
    const old = (post: Post) =>
      post.createdMs < newest - afterMs &&
      !seen.has(post) &&
      !post.comments.some((comment) => seen.has(comment));
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
