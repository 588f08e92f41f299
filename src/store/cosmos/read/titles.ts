import { type IsoTime, type Label, LABELS } from '../../../domain/item.js';
import { isoTime } from '../../../domain/window.js';
import { columnsOf, type PostColumns } from '../../../trending/columns.js';
import type { Steps } from '../../../trending/steps.js';
import type { PackedTitle, TitlesDocument } from '../documents/documents.js';

/** The counted posts of one subreddit and six hours. */
export interface HeldTitles {
  seq: number;
  /** Something in it is exempt from retention. */
  exempt: boolean;
  posts: readonly PackedTitle[];
  /** What trending needs of them; null until somebody does. */
  columns: PostColumns | null;
}

export function heldTitlesOf(document: TitlesDocument): HeldTitles {
  const { seq, ttl, posts } = document;
  return { seq, exempt: ttl === -1, posts, columns: null };
}

/** With the columns: about a number of eight bytes for each of its words, and some more. */
export function bytesOf({ posts }: HeldTitles): number {
  return posts.reduce((sum, [, , , , , title]) => sum + 250 + 3 * title.length, 400);
}

/** Of the posts created at or after a time, which are all of them mostly. */
export function columnsSince(held: HeldTitles, oldest: IsoTime): PostColumns {
  const fromMs = held.exempt ? Number.NEGATIVE_INFINITY : timeOf(oldest);
  if (held.posts.every(([, created]) => created >= fromMs)) {
    held.columns ??= columnsOf(held.posts.map(titledPost));
    return held.columns;
  }
  return columnsOf(held.posts.filter(([, created]) => created >= fromMs).map(titledPost));
}

const timeOf = (time: IsoTime) => (time === '' ? Number.NEGATIVE_INFINITY : Date.parse(time));

function titledPost([id, created, label, upvotes, comment_count, title]: PackedTitle) {
  const created_utc = isoTime(created);
  return { ...{ id, title, created_utc, upvotes, comment_count }, label: LABELS[label] as Label };
}

/** Makes the columns of those that have none. */
export function* makeColumns(all: Iterable<HeldTitles>): Steps<void> {
  for (const held of all) {
    if (held.columns !== null) continue;
    columnsSince(held, '');
    yield;
  }
}
