import type {
  Comment,
  Exclusion,
  Label,
  NewComment,
  NewPost,
  Post,
  Sentiment,
} from '../../domain/item.js';

/** Columns that carry an item's assessment; the sentiment stands flat in the tables. */
interface AssessedRow {
  label: Label;
  score: number;
  confidence: number;
  method: string;
  scorer_version: string;
  excluded: Exclusion | null;
  edited_at: string | null;
}

interface StoredRow extends AssessedRow {
  collected_at: string;
  updated_at: string;
}

export type PostRow = Omit<NewPost, 'sentiment' | 'excluded' | 'edited_at'> & StoredRow;
export type CommentRow = Omit<NewComment, 'sentiment' | 'excluded' | 'edited_at'> & StoredRow;

/** Named parameters of an insert or update. */
export function toRow<Item extends NewPost | NewComment>(item: Item): Item & Sentiment {
  // Not `...rest`, which stood first in a collector's profile. SQLite ignores what no parameter names.
  return { ...item, ...item.sentiment };
}

export function toPost(row: PostRow): Post {
  return {
    id: row.id,
    subreddit: row.subreddit,
    author: row.author,
    title: row.title,
    content: row.content,
    url: row.url,
    permalink: row.permalink,
    created_utc: row.created_utc,
    upvotes: row.upvotes,
    comment_count: row.comment_count,
    collected_at: row.collected_at,
    updated_at: row.updated_at,
    sentiment: toSentiment(row),
  };
}

export function toComment(row: CommentRow): Comment {
  return {
    id: row.id,
    post_id: row.post_id,
    parent_id: row.parent_id,
    subreddit: row.subreddit,
    author: row.author,
    content: row.content,
    permalink: row.permalink,
    created_utc: row.created_utc,
    upvotes: row.upvotes,
    collected_at: row.collected_at,
    updated_at: row.updated_at,
    sentiment: toSentiment(row),
  };
}

/** The item of a row as a batch would hold it. */
export function toItem<Row extends PostRow | CommentRow>(
  row: Row,
): Row extends PostRow ? NewPost : NewComment;
export function toItem(row: PostRow | CommentRow): NewPost | NewComment {
  const { excluded, edited_at } = row;
  const {
    collected_at: _,
    updated_at: __,
    ...content
  } = 'title' in row ? toPost(row) : toComment(row);
  return { ...content, excluded, edited_at };
}

function toSentiment(row: AssessedRow): Sentiment {
  const { label, score, confidence, method, scorer_version } = row;
  return { label, score, confidence, method, scorer_version };
}
