import { Value } from 'typebox/value';
import { toIso } from '../clock.js';
import { commentPermalink, DELETED, REMOVED } from '../domain/erasure.js';
import type {
  CommentContent,
  Exclusion,
  IsoTime,
  NewComment,
  NewPost,
  PostContent,
} from '../domain/item.js';
import { CreatedUtc, type RedditComment, type RedditPost } from '../reddit/schemas.js';
import type { Scorer } from '../scorer/scorer.js';

/** Reddit's post as we keep it; title and body are scored together. */
export function assessPost(raw: RedditPost, subreddit: string, scorer: Scorer): NewPost {
  const post: PostContent = {
    id: raw.id,
    subreddit,
    author: storable(raw.author ?? DELETED),
    title: storable(raw.title),
    content: storable(raw.selftext ?? ''),
    url: storable(raw.url ?? `https://www.reddit.com${raw.permalink}`),
    permalink: storable(raw.permalink),
    created_utc: toIso(raw.created_utc * 1000),
    upvotes: raw.score,
    comment_count: raw.num_comments,
  };
  return {
    ...post,
    sentiment: scorer.score(`${post.title}\n\n${post.content}`),
    excluded: exclusion(post.author, post.content, raw.stickied, raw.removed_by_category),
    edited_at: editedAt(raw),
  };
}

/** Reddit's comment as we keep it; no word of its post's title is in its permalink. */
export function assessComment(raw: RedditComment, subreddit: string, scorer: Scorer): NewComment {
  const postId = raw.link_id.slice(3);
  const comment: CommentContent = {
    id: raw.id,
    post_id: postId,
    parent_id: raw.parent_id,
    subreddit,
    author: storable(raw.author ?? DELETED),
    content: storable(raw.body),
    permalink: commentPermalink(subreddit, postId, raw.id),
    created_utc: toIso(raw.created_utc * 1000),
    upvotes: raw.score,
  };
  return {
    ...comment,
    sentiment: scorer.score(comment.content),
    excluded: exclusion(comment.author, comment.content, raw.stickied, null),
    edited_at: editedAt(raw),
  };
}

/** Recordings of before 2012 say only that it was edited; nonsense is as if it had not been. */
function editedAt({ edited }: RedditPost | RedditComment): IsoTime | null {
  return typeof edited === 'number' && Value.Check(CreatedUtc, edited)
    ? toIso(edited * 1000)
    : null;
}

/** Text that any database and any JSON reader takes: no NUL, no half of a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Deletion first: whoever wrote it, there is nothing left to count. */
function exclusion(
  author: string,
  content: string,
  stickied: boolean | null | undefined,
  removedBy: string | null | undefined,
): Exclusion | null {
  if (content === DELETED || removedBy === 'deleted') return 'deleted';
  if (content === REMOVED || (removedBy ?? null) !== null) return 'removed';
  if (author === 'AutoModerator') return 'automoderator';
  return stickied === true ? 'stickied' : null;
}
