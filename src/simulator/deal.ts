import { AppError } from '../errors.js';
import { hash32 } from './random.js';
import type { Recording } from './recordings.js';
import { slugOf } from './text.js';
import type { RedditObject, Thing } from './world.js';

/** Reddit's listings end near here; more than this in one would be out of reach. */
export const LISTING_END = 1000;
const WEEK_SECONDS = 7 * 86_400;
/** So that a comment that is newer than its post need not be in the future. */
const NEWEST_POST_SECONDS = 60;

export interface DealtPost {
  fullname: string;
  createdUtc: number;
  thing: Thing;
  comments: DealtComment[];
}

export interface DealtComment {
  fullname: string;
  createdUtc: number;
  thing: Thing;
}

/** What one subreddit got, newest first. */
export interface Hand {
  subreddit: string;
  posts: DealtPost[];
  comments: DealtComment[];
}

/**
 * Deals recorded things over subreddits and the last seven days, by a hash of the id: the
 * same things to the same places each time. Subreddit, permalink, times, `link_id`, a
 * post's `parent_id` and `num_comments` are rewritten so that the whole is consistent,
 * `replies` is emptied, everything else stays as recorded.
 *
 * @throws AppError `invalid_request` when the listings cannot hold them, or when there are
 * comments and not one post.
 */
export function deal(
  recordings: readonly Recording[],
  subreddits: readonly string[],
  nowMs: number,
): Hand[] {
  const unique = [...new Map(recordings.map((r) => [fullnameOf(r), r])).values()];
  const posts = unique.filter((recording) => recording.kind === 't3');
  const comments = unique.filter((recording) => recording.kind === 't1');
  const now = Math.floor(nowMs / 1000);
  const hands = [...spread(posts, subreddits)].map(([subreddit, dealt]) =>
    handOf(subreddit, dealt, now),
  );
  const withPosts = hands.filter((hand) => hand.posts.length > 0);
  if (withPosts.length === 0 && comments.length > 0) {
    throw new AppError('invalid_request', 'the recordings have comments and not one post', {
      cure: 'add a file with posts: every comment needs one',
    });
  }
  const byName = new Map(hands.map((hand) => [hand.subreddit, hand]));
  for (const [subreddit, dealt] of spread(
    comments,
    withPosts.map((hand) => hand.subreddit),
  )) {
    const hand = byName.get(subreddit);
    if (hand !== undefined) addComments(hand, dealt, now);
  }
  return hands;
}

/** By hash; when that would overfill a listing, evenly. */
function spread(
  recordings: readonly Recording[],
  subreddits: readonly string[],
): Map<string, Recording[]> {
  const byHash = new Map<string, Recording[]>(subreddits.map((name) => [name, []]));
  const evenly = new Map<string, Recording[]>(subreddits.map((name) => [name, []]));
  const ordered = recordings
    .map((recording) => ({ recording, hash: hash32(`place ${fullnameOf(recording)}`) }))
    .sort((a, b) => a.hash - b.hash);
  for (const [index, { recording, hash }] of ordered.entries()) {
    byHash.get(subreddits[hash % subreddits.length] ?? '')?.push(recording);
    evenly.get(subreddits[index % subreddits.length] ?? '')?.push(recording);
  }
  const fits = (dealt: Map<string, Recording[]>) =>
    [...dealt.values()].every((hand) => hand.length <= LISTING_END);
  if (fits(byHash)) return byHash;
  if (fits(evenly)) return evenly;
  const room = subreddits.length * LISTING_END;
  throw new AppError(
    'invalid_request',
    `${recordings.length} recordings of one kind do not fit: ${subreddits.length} subreddits list ${room}`,
    { cure: 'give fewer files, or name more in SUBREDDITS' },
  );
}

function handOf(subreddit: string, recordings: readonly Recording[], now: number): Hand {
  const posts = recordings.map((recording): DealtPost => {
    const age = fraction(recording, 'time') * (WEEK_SECONDS - NEWEST_POST_SECONDS);
    const createdUtc = now - NEWEST_POST_SECONDS - Math.floor(age);
    const title = typeof recording.data.title === 'string' ? recording.data.title : '';
    const permalink = `/r/${subreddit}/comments/${recording.data.id}/${slugOf(title)}/`;
    const data = rewritten(recording, { ...placed(subreddit, createdUtc), permalink });
    return {
      fullname: data.name,
      createdUtc,
      thing: { kind: 't3', data: { ...data, num_comments: 0 } },
      comments: [],
    };
  });
  return { subreddit, posts: posts.sort(newestFirst), comments: [] };
}

function addComments(hand: Hand, recordings: readonly Recording[], now: number): void {
  for (const recording of recordings) {
    const { post, createdUtc } = threadFor(recording, hand, now);
    const changes = {
      ...placed(hand.subreddit, createdUtc),
      permalink: `${String(post.thing.data.permalink)}${recording.data.id}/`,
      link_id: post.fullname,
      ...(String(recording.data.parent_id).startsWith('t1_') ? {} : { parent_id: post.fullname }),
    };
    const data = { ...rewritten(recording, changes), replies: '' };
    const comment: DealtComment = {
      fullname: data.name,
      createdUtc,
      thing: { kind: 't1', data },
    };
    hand.comments.push(comment);
    post.comments.push(comment);
  }
  hand.comments.sort(newestFirst);
  for (const post of hand.posts) {
    post.thing.data.num_comments = post.comments.length;
    for (const { thing } of post.comments) {
      if ('num_comments' in thing.data) thing.data.num_comments = post.comments.length;
    }
  }
}

/** A post of the same subreddit that is older than the comment. */
function threadFor(
  recording: Recording,
  hand: Hand,
  now: number,
): { post: DealtPost; createdUtc: number } {
  const at = fraction(recording, 'time');
  const oldest = hand.posts.at(-1);
  if (oldest === undefined) throw new RangeError(`no post in ${hand.subreddit}`);
  const createdUtc = oldest.createdUtc + 1 + Math.floor(at * (now - oldest.createdUtc - 1));
  const older = hand.posts.findIndex((post) => post.createdUtc < createdUtc);
  const choices = hand.posts.length - older;
  const chosen = older + Math.floor(fraction(recording, 'thread') * choices);
  return { post: hand.posts[chosen] ?? oldest, createdUtc };
}

function placed(subreddit: string, createdUtc: number) {
  return {
    subreddit,
    subreddit_name_prefixed: `r/${subreddit}`,
    created: createdUtc,
    created_utc: createdUtc,
  };
}

/** Fields that old recordings lack stay absent: schema drift is part of what is replayed. */
const ALWAYS = new Set(['subreddit', 'created_utc', 'link_id', 'parent_id']);

function rewritten(recording: Recording, changes: Record<string, unknown>): RedditObject {
  const kept = Object.entries(changes).filter(([key]) => ALWAYS.has(key) || key in recording.data);
  return {
    ...recording.data,
    ...Object.fromEntries(kept),
    name: fullnameOf(recording),
    id: recording.data.id,
  };
}

function fullnameOf({ kind, data }: Recording): string {
  return `${kind}_${data.id}`;
}

/** 0 ≤ x < 1, by the id. */
function fraction(recording: Recording, salt: string): number {
  return hash32(`${salt} ${fullnameOf(recording)}`) / 2 ** 32;
}

function newestFirst(a: DealtComment, b: DealtComment): number {
  return b.createdUtc - a.createdUtc || (a.fullname < b.fullname ? 1 : -1);
}
