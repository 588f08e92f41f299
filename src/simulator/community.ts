import { type Random, hash32, randomFrom } from './random.js';
import { revised, slugOf, writeComment, writePostBody, writeTitle } from './text.js';
import { HOUSE_RULES } from './sentences.js';

/** A generated subreddit and everything in it, oldest first. */
export interface Community {
  name: string;
  /** Bare id, without `t5_`. */
  id: string;
  createdMs: number;
  subscribers: number;
  /** Its part of all activity, 0 … 1. */
  share: number;
  posts: Post[];
  comments: Comment[];
}

/** `deleted` by its author, `removed` by a moderator. */
export type Gone = 'deleted' | 'removed';

interface Edit {
  atMs: number;
  seed: number;
}

interface Content {
  id: string;
  fullname: string;
  community: Community;
  createdMs: number;
  /** What the text follows from. */
  seed: number;
  author: string;
  score: number;
  edit: Edit | null;
  /** The edit before: what a page that is some minutes old still shows. */
  editBefore: Edit | null;
  gone: Gone | null;
  /** Since when it is gone; null while it is not. */
  goneMs: number | null;
  /** From when on it is seen. */
  visibleMs: number;
  /** Stands at the end of its text; most worlds have none. */
  mark: string;
  stickied: boolean;
}

export interface Post extends Content {
  type: 'self' | 'link' | 'crosspost';
  /** The original of a crosspost. */
  original: Post | null;
  /** The whole thread, deleted comments included, oldest first. */
  comments: Comment[];
}

export interface Comment extends Content {
  post: Post;
  /** Null: answers the post itself. */
  parent: Comment | null;
}

export const AUTOMODERATOR = 'AutoModerator';

/**
 * Uneven as real ones are: of 14, the first has about 15 % of the activity and the last 4 %,
 * unless other weights are given.
 */
export function communitiesOf(
  names: readonly string[],
  startMs: number,
  weights = names.map((_, index) => 1 / (index + 4)),
): Community[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return names.map((name, index) => {
    const random = randomFrom(hash32(`community ${name.toLowerCase()}`));
    return {
      name,
      id: (36 ** 4 + random.integer(36 ** 5 - 36 ** 4)).toString(36),
      createdMs: startMs - (400 + random.integer(3000)) * 86_400_000,
      subscribers: 5_000 + random.integer(900_000),
      share: (weights[index] ?? 0) / total,
      posts: [],
      comments: [],
    };
  });
}

export function pickCommunity(communities: readonly Community[], random: Random): Community {
  let left = random.next();
  for (const community of communities) {
    left -= community.share;
    if (left < 0) return community;
  }
  return communities.at(-1) as Community;
}

export function titleOf(post: Post): string {
  if (post.stickied) return `Weekly help thread of r/${post.community.name}`;
  return writeTitle((post.original ?? post).seed);
}

/** The text that Reddit shows: a deleted one is gone for good. */
export function postBody(post: Post): string {
  if (post.type !== 'self') return '';
  if (post.gone !== null) return `[${post.gone}]`;
  return shownText(post, post.stickied ? HOUSE_RULES : writePostBody(post.seed));
}

export function commentBody(comment: Comment): string {
  if (comment.gone !== null) return `[${comment.gone}]`;
  return shownText(
    comment,
    comment.author === AUTOMODERATOR ? HOUSE_RULES : writeComment(comment.seed),
  );
}

function shownText({ edit, mark }: Content, written: string): string {
  const text = edit === null ? written : revised(written, edit.seed);
  return mark === '' ? text : `${text}\n\n${mark}`;
}

/** As it was at an instant of the last minutes; votes aside. */
export function asOf<T extends Post | Comment>(item: T, ms: number): T {
  const editLater = item.edit !== null && item.edit.atMs > ms;
  const goneLater = item.goneMs !== null && item.goneMs > ms;
  if (!editLater && !goneLater) return item;
  return {
    ...item,
    ...(editLater ? { edit: item.editBefore } : {}),
    ...(goneLater ? { gone: null, goneMs: null } : {}),
  };
}

/** Its text and author are lost from now on. */
export function vanish(item: Post | Comment, gone: Gone, atMs: number): void {
  item.gone = gone;
  item.goneMs = atMs;
}

export function authorOf(item: Content): string {
  return item.gone === null ? item.author : '[deleted]';
}

export function postPermalink(post: Post): string {
  return `/r/${post.community.name}/comments/${post.id}/${slugOf(titleOf(post))}/`;
}

/** Where a post leads to. */
export function postUrl(post: Post): string {
  if (post.type === 'link') return `https://example.com/articles/${post.seed}?ref=reddit&lang=en`;
  return `https://www.reddit.com${postPermalink(post.original ?? post)}`;
}
