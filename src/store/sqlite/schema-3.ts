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
`;
