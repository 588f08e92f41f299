/** Times are UTC ISO 8601 with milliseconds: equal width, so they compare as strings. */
export type IsoTime = string;

export const LABELS = ['positive', 'negative', 'neutral'] as const;
export type Label = (typeof LABELS)[number];

export interface Sentiment {
  label: Label;
  /** −1 … 1 in steps of 1 / SCORE_UNIT. */
  score: number;
  /** 0 … 1; 0 for text without content. */
  confidence: number;
  /** The engine, such as `lexicon`. */
  method: string;
  scorer_version: string;
}

/** Scores are whole multiples of 1/SCORE_UNIT, so that sums of them are exact integers. */
export const SCORE_UNIT = 10_000;

/** Why an item is kept but does not enter aggregates. */
export const EXCLUSIONS = ['automoderator', 'stickied', 'deleted', 'removed'] as const;
export type Exclusion = (typeof EXCLUSIONS)[number];

/** What posts and comments share, as Reddit tells it. Ids are bare: no `t3_`, no `t1_`. */
interface Content {
  id: string;
  /** As configured, whatever case Reddit writes it in. */
  subreddit: string;
  author: string;
  /** Text as Reddit gives it, made storable (no NUL, no lone surrogate); never escaped. */
  content: string;
  permalink: string;
  created_utc: IsoTime;
  upvotes: number;
}

export interface PostContent extends Content {
  title: string;
  url: string;
  comment_count: number;
}

export interface CommentContent extends Content {
  post_id: string;
  /** Reddit's fullname of what it answers: a post (`t3_…`) or a comment (`t1_…`). */
  parent_id: string;
}

/** What collection knows on top of the content. `excluded` is null for an item that counts. */
interface Assessed {
  sentiment: Sentiment;
  excluded: Exclusion | null;
  /** When its author last changed the text; null: never. Of two versions the later edit is the newer. */
  edited_at: IsoTime | null;
}

/** `deleted` by its author or `removed` by a moderator: neither text nor author is kept. */
export function isGone({ excluded }: Pick<Assessed, 'excluded'>): boolean {
  return excluded === 'deleted' || excluded === 'removed';
}

export type NewPost = PostContent & Assessed;
export type NewComment = CommentContent & Assessed;

interface Stored {
  sentiment: Sentiment;
  /** When the item was first stored; assigned in the write transaction, never changes. */
  collected_at: IsoTime;
  /** When anything about it last changed here. */
  updated_at: IsoTime;
}

/** The public shape of a post: exactly the fields the API shows. */
export type Post = PostContent & Stored;

/** The public shape of a comment. Its post may never have been stored. */
export type Comment = CommentContent & Stored;

export type Kind = 'post' | 'comment';

/** A stored item by name: what can be asked for by `/api/info`. */
export interface ItemName {
  kind: Kind;
  id: string;
}

/** Reddit's name of it: `t3_…`, `t1_…`. */
export function fullname({ kind, id }: ItemName): string {
  return `${kind === 'post' ? 't3' : 't1'}_${id}`;
}

/** A vote count that moved less than this is not worth rewriting the store for. */
export function voteMoveMatters(before: number, after: number): boolean {
  return Math.abs(after - before) > Math.max(2, Math.abs(before) * 0.1);
}
