import { columnsOf, fromBytes, type TitledPost, toBytes } from '../../trending/columns.js';
import { all, type Db, one, statement } from './db.js';
import { keyOf, type Place } from './place.js';

interface ComparedTerms {
  /** Hours whose terms readers believe, and should not. */
  wrong: Place[];
  /** Hours whose terms readers take from the posts. */
  stale: Place[];
}

/** Sorted by SQLite, which can use the disk, so that one hour's posts are in memory at a time. */
const BY_PLACE = `SELECT substr(created_utc, 1, 13) || ':00:00.000Z' AS hour, subreddit,
    id, title, created_utc, label, upvotes, comment_count
  FROM posts NOT INDEXED WHERE excluded IS NULL
  ORDER BY substr(created_utc, 1, 13), subreddit COLLATE NOCASE, created_utc, id`;

/** Compares the stored terms of every hour with those of its posts. To be run on one snapshot. */
export function compareTerms(db: Db): ComparedTerms {
  const found: ComparedTerms = { wrong: [], stale: [] };
  const seen = new Set<string>();
  const compare = (place: Place, posts: readonly TitledPost[]) => {
    seen.add(keyOf(place));
    const sql = 'SELECT terms FROM post_terms WHERE hour = ? AND subreddit = ?';
    const terms = one<{ terms: Buffer | null }>(db, sql, place.hour, place.subreddit)?.terms;
    // An hour that is not there would be an hour without posts.
    if (terms === undefined) found.wrong.push(place);
    else if (terms === null || fromBytes(terms) === null) found.stale.push(place);
    else if (!terms.equals(toBytes(columnsOf(posts)))) found.wrong.push(place);
  };

  let place: Place | null = null;
  let posts: TitledPost[] = [];
  const rows = statement(db, BY_PLACE).iterate() as Iterable<Place & TitledPost>;
  for (const row of rows) {
    if (place !== null && keyOf(place) !== keyOf(row)) {
      compare(place, posts);
      posts = [];
    }
    place = { hour: row.hour, subreddit: row.subreddit };
    posts.push(row);
  }
  if (place !== null) compare(place, posts);
  const sql = 'SELECT hour, subreddit, terms IS NULL AS stale FROM post_terms';
  for (const { stale, ...other } of all<Place & { stale: number }>(db, sql)) {
    if (!seen.has(keyOf(other))) (stale === 1 ? found.stale : found.wrong).push(other);
  }
  return found;
}
