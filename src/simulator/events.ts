import {
  AUTOMODERATOR,
  type Comment,
  type Community,
  type Post,
  pickCommunity,
  vanish,
} from './community.js';
import { hash32, type Random, randomFrom } from './random.js';
import { writeAuthor } from './text.js';

export interface Rates {
  /** Over all communities together. */
  postsPerHour: number;
  commentsPerHour: number;
  /** Edits, and as many deletions, of an item of any age for each item that is made. */
  lateChanges: number;
}

/** Something that happens at an instant. What exactly follows from the seed and the state then. */
export interface WorldEvent {
  atMs: number;
  kind: 'post' | 'comment' | 'edit' | 'deletion' | 'vote' | 'late edit' | 'late deletion';
  seed: number;
}

export const MINUTE_MS = 60_000;

/** Of 100 items made, so many are edited and deleted later, and so often votes move. */
const EDITS = 0.04;
const DELETIONS = 0.03;
const VOTES = 4;

/**
 * What happens in one minute of world time, in order. It depends on the seed and the
 * minute alone: however the clock is advanced, the same things happen.
 */
export function eventsOf(seed: number, minute: number, rates: Rates): WorldEvent[] {
  const random = randomFrom(hash32(`${seed} ${minute}`));
  const posts = rates.postsPerHour / 60;
  const comments = rates.commentsPerHour / 60;
  const means: [WorldEvent['kind'], number][] = [
    ['post', posts],
    ['comment', comments],
    ['edit', (posts + comments) * EDITS],
    ['deletion', (posts + comments) * DELETIONS],
    ['vote', (posts + comments) * VOTES],
    ['late edit', (posts + comments) * rates.lateChanges],
    ['late deletion', (posts + comments) * rates.lateChanges],
  ];
  return means
    .flatMap(([kind, mean]) =>
      Array.from({ length: random.poisson(mean) }, () => ({
        atMs: minute * MINUTE_MS + random.integer(MINUTE_MS),
        kind,
        seed: random.integer(2 ** 32),
      })),
    )
    .sort((a, b) => a.atMs - b.atMs);
}

/** Without what the world gives each item that is new in it. */
type Made<T extends Post | Comment> = Omit<T, 'id' | 'fullname' | 'visibleMs' | 'mark'>;

/** What an event needs of the world that it takes place in. */
export interface Scene {
  communities: readonly Community[];
  addPost(post: Made<Post>): Post;
  addComment(comment: Made<Comment>): Comment;
}

export function applyEvent(event: WorldEvent, scene: Scene): void {
  // Apart from the seed of the text: or each community would have a mood of its own.
  const random = randomFrom(hash32(`place ${event.seed}`));
  const community = pickCommunity(scene.communities, random);
  switch (event.kind) {
    case 'post':
      return publish(event, community, scene, random);
    case 'comment':
      return reply(event, community, scene, random);
    case 'edit':
      return edit(event, lively(community, 0.2, random));
    case 'deletion':
      return remove(event, lively(community, 0.15, random), random);
    case 'late edit':
      return edit(event, anyOf(community, random));
    case 'late deletion':
      return remove(event, anyOf(community, random), random);
    case 'vote':
      return vote(community, random);
  }
}

function publish(
  { atMs, seed }: WorldEvent,
  community: Community,
  scene: Scene,
  random: Random,
): void {
  const original = random.chance(0.08)
    ? recent(pickCommunity(scene.communities, random).posts, 30, random)
    : null;
  // Only self posts are crossposted, so that no chain of crossposts arises.
  const crossposted = original?.type === 'self' && !original.stickied ? original : null;
  const type = crossposted !== null ? 'crosspost' : random.chance(0.22) ? 'link' : 'self';
  const author = writeAuthor(random);
  const post = scene.addPost({
    ...blank(community, atMs, seed, author),
    type,
    original: crossposted,
    comments: [],
  });
  if (random.chance(0.12)) {
    const rules = { ...blank(community, atMs, seed, AUTOMODERATOR), stickied: true };
    scene.addComment({ ...rules, post, parent: null });
  }
}

/** Each community opens with a pinned thread, so that no comment is ever without a post. */
export function openCommunity(community: Community, atMs: number, scene: Scene): void {
  const pinned = { ...blank(community, atMs, 0, AUTOMODERATOR), stickied: true };
  scene.addPost({ ...pinned, type: 'self', original: null, comments: [] });
}

const LONGEST_THREAD = 200;

function reply({ atMs, seed }: WorldEvent, community: Community, scene: Scene, random: Random) {
  let post = recent(community.posts, 12, random);
  if (post === null || post.comments.length >= LONGEST_THREAD) post = newestAlive(community.posts);
  if (post === null) return;
  const parent = random.chance(0.45) ? recent(post.comments, 20, random) : null;
  const author = random.chance(0.1) ? post.author : writeAuthor(random);
  scene.addComment({
    ...blank(community, atMs, seed, author === AUTOMODERATOR ? writeAuthor(random) : author),
    post,
    parent,
  });
}

function edit({ atMs, seed }: WorldEvent, item: Post | Comment | null): void {
  if (item === null || isBoilerplate(item) || ('type' in item && item.type !== 'self')) return;
  item.editBefore = item.edit;
  item.edit = { atMs, seed };
}

function remove({ atMs }: WorldEvent, item: Post | Comment | null, random: Random): void {
  if (item === null || isBoilerplate(item)) return;
  vanish(item, random.chance(0.7) ? 'deleted' : 'removed', atMs);
}

/** One of those that people look at now. */
function lively(community: Community, postShare: number, random: Random): Post | Comment | null {
  return random.chance(postShare)
    ? recent(community.posts, 15, random)
    : recent(community.comments, 60, random);
}

/** However old. */
function anyOf({ posts, comments }: Community, random: Random): Post | Comment | null {
  const items = random.chance(0.2) ? posts : comments;
  const item = items[random.integer(items.length)];
  return item === undefined || item.gone !== null ? null : item;
}

function vote(community: Community, random: Random): void {
  const onPost = random.chance(0.6);
  const item = onPost
    ? recent(community.posts, 10, random)
    : recent(community.comments, 40, random);
  if (item === null) return;
  const change = random.chance(0.78) ? 1 + Math.floor(random.exponential(onPost ? 6 : 1.5)) : -1;
  // Reddit shows no post below zero; comments it does.
  item.score = onPost ? Math.max(0, item.score + change) : item.score + change;
}

function isBoilerplate(item: Post | Comment): boolean {
  return item.stickied || item.author === AUTOMODERATOR;
}

/** One of the newest that still exists; `depth` is how far back it is on average. */
function recent<T extends Post | Comment>(items: T[], depth: number, random: Random): T | null {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const item = items[items.length - 1 - Math.floor(random.exponential(depth))];
    if (item !== undefined && item.gone === null) return item;
  }
  return newestAlive(items);
}

function newestAlive<T extends Post | Comment>(items: T[]): T | null {
  return items.findLast((item) => item.gone === null) ?? null;
}

function blank(community: Community, createdMs: number, seed: number, author: string) {
  return {
    community,
    createdMs,
    seed,
    author,
    score: 1,
    edit: null,
    editBefore: null,
    gone: null,
    goneMs: null,
    stickied: false,
  };
}
