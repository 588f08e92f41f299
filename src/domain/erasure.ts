import type { NewComment, NewPost } from './item.js';
import { isGone } from './item.js';

/** What Reddit itself shows for an author, or a text, that was deleted. */
export const DELETED = '[deleted]';
/** What Reddit itself shows for a text that a moderator removed. */
export const REMOVED = '[removed]';

/**
 * Where an item is, without words: Reddit takes any slug, or none. A post's title is in the
 * permalinks that Reddit gives for the post and for each of its comments.
 */
export function plainPermalink(item: NewPost | NewComment): string {
  return 'title' in item
    ? `/r/${item.subreddit}/comments/${item.id}/`
    : commentPermalink(item.subreddit, item.post_id, item.id);
}

export function commentPermalink(subreddit: string, postId: string, id: string): string {
  return `/r/${subreddit}/comments/${postId}/_/${id}/`;
}

/**
 * What is kept of an item that is gone: that it was there, not what it said, how that was meant,
 * or who said it. Any other item comes back as it is.
 */
export function blanked<Item extends NewPost | NewComment>(item: Item): Item {
  if (!isGone(item)) return item;
  const gone = item.excluded === 'removed' ? REMOVED : DELETED;
  const { method, scorer_version } = item.sentiment;
  return {
    ...without(item, { author: DELETED, text: gone }),
    sentiment: { label: 'neutral', score: 0, confidence: 0, method, scorer_version },
    edited_at: null,
  };
}

/**
 * What is kept of an item whose text has expired: everything but author, text and words of it in
 * its addresses. They are empty, which no text of Reddit's that counts is: a post has a title.
 */
export function withoutText<Item extends NewPost | NewComment>(item: Item): Item {
  return without(item, { author: '', text: '' });
}

function without<Item extends NewPost | NewComment>(
  item: Item,
  { author, text }: { author: string; text: string },
): Item {
  const permalink = plainPermalink(item);
  const inPost = { title: text, url: `https://www.reddit.com${permalink}` };
  return { ...item, author, content: text, permalink, ...('title' in item && inPost) };
}
