import type { Comment, NewComment, NewPost, Post, Sentiment } from '../../../domain/item.js';
import { fullname } from '../../../domain/item.js';
import { type ItemDocument, partitionOf } from './documents.js';

/** What a document of an item has besides the item. */
export interface ItemFacts {
  collected_at: string;
  updated_at: string;
  ttl: number;
}

export function itemDocument(item: NewPost | NewComment, facts: ItemFacts): ItemDocument {
  const { id, subreddit, sentiment, ...fields } = item;
  const common = { subreddit: partitionOf(subreddit), name: subreddit, ...sentiment, ...facts };
  if ('title' in fields) {
    return { ...fields, ...common, kind: 'post', id: fullname({ kind: 'post', id }) };
  }
  return { ...fields, ...common, kind: 'comment', id: fullname({ kind: 'comment', id }) };
}

/** The item as it was stored, without what the store and the account added. */
export function itemOf(document: ItemDocument): NewPost | NewComment {
  const common = {
    ...{ id: bareId(document.id), subreddit: document.name, sentiment: sentimentOf(document) },
    ...{ author: document.author, content: document.content, permalink: document.permalink },
    ...{ created_utc: document.created_utc, upvotes: document.upvotes },
    ...{ excluded: document.excluded, edited_at: document.edited_at },
  };
  if (document.kind === 'comment') {
    return { ...common, post_id: document.post_id, parent_id: document.parent_id };
  }
  const { title, url, comment_count } = document;
  return { ...common, title, url, comment_count };
}

/** What the API shows of it. */
export function shownOf(document: ItemDocument): Post | Comment {
  const { excluded: _, edited_at: __, ...item } = itemOf(document);
  const { collected_at, updated_at } = document;
  return { ...item, collected_at, updated_at };
}

const bareId = (name: string): string => name.slice(3);

function sentimentOf(document: ItemDocument): Sentiment {
  const { label, score, confidence, method, scorer_version } = document;
  return { label, score, confidence, method, scorer_version };
}
