/**
 * Only additions. Triggers, not the code that writes rollups, note which ones moved: so code of
 * an older schema on the same database, and a repair by hand, are noticed as well. (No OR REPLACE
 * in them: the statement that fires a trigger imposes its own conflict clause on it.)
 */
const noted = (event: 'INSERT' | 'UPDATE' | 'DELETE', row: 'new' | 'old') => `
CREATE TRIGGER rollups_hourly_${event.toLowerCase()} AFTER ${event} ON rollups_hourly BEGIN
  DELETE FROM rollup_changes WHERE hour = ${row}.hour AND subreddit = ${row}.subreddit;
  INSERT INTO rollup_changes (hour, subreddit, data_version)
  SELECT ${row}.hour, ${row}.subreddit, data_version + 1 FROM meta;
END;`;

/** For the same reason: what was derived from a post that has changed must not be believed. */
const forgotten = (event: string, name: string, rows: readonly ('new' | 'old')[]) => `
CREATE TRIGGER posts_terms_${name} AFTER ${event} ON posts BEGIN${rows.map(forget).join('')}
END;`;

const forget = (row: 'new' | 'old') => {
  const hour = `substr(${row}.created_utc, 1, 13) || ':00:00.000Z'`;
  return `
  UPDATE post_terms SET terms = NULL
  WHERE hour = ${hour} AND subreddit = ${row}.subreddit AND terms IS NOT NULL;
  INSERT INTO post_terms (hour, subreddit, terms) SELECT ${hour}, ${row}.subreddit, NULL
  WHERE NOT EXISTS (
    SELECT 1 FROM post_terms WHERE hour = ${hour} AND subreddit = ${row}.subreddit);`;
};

const IN_TERMS = 'id, subreddit, title, created_utc, label, upvotes, comment_count, excluded';

export const SCHEMA_3 = `
-- The data version in which each rollup last moved, those that are gone included. The version
-- itself moves at the end of the transaction, hence the + 1 above.
CREATE TABLE rollup_changes (
  hour         TEXT NOT NULL,
  subreddit    TEXT NOT NULL COLLATE NOCASE,
  data_version INTEGER NOT NULL,
  PRIMARY KEY (hour, subreddit)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollup_changes_version ON rollup_changes (data_version);
${noted('INSERT', 'new')}${noted('UPDATE', 'new')}${noted('DELETE', 'old')}

-- A post's comments, page by page.
CREATE INDEX comments_post ON comments (post_id, created_utc, id);

-- Cycles of one outcome, newest first.
CREATE INDEX cycles_status_started ON cycles (status, started_at, id);

-- Gaps, newest first; the table's key follows in each index by itself.
CREATE INDEX gaps_found ON gaps (found_at);
CREATE INDEX gaps_status_found ON gaps (status, found_at);
-- Words of the titles of counted posts, as hashes (src/trending/columns.ts), by subreddit
-- and hour of created_utc; null: to be taken from the posts. Code of an older schema, which does
-- not write them, leaves null behind.
CREATE TABLE post_terms (
  hour      TEXT NOT NULL,
  subreddit TEXT NOT NULL COLLATE NOCASE,
  terms     BLOB,
  PRIMARY KEY (hour, subreddit)
) STRICT, WITHOUT ROWID;
${forgotten('INSERT', 'insert', ['new'])}${forgotten(`UPDATE OF ${IN_TERMS}`, 'update', ['old', 'new'])}${forgotten('DELETE', 'delete', ['old'])}
`;
