/** Only additions: code of schema 1, which does not know them, goes on working. */
export const SCHEMA_2 = `
ALTER TABLE posts ADD COLUMN keep_history INTEGER NOT NULL DEFAULT 0; -- 1: never expires
ALTER TABLE comments ADD COLUMN keep_history INTEGER NOT NULL DEFAULT 0;

-- One row per file that was imported, so that an interrupted import goes on where it was.
CREATE TABLE imports (
  key        TEXT NOT NULL PRIMARY KEY, -- of the content and the options
  file       TEXT NOT NULL,
  lines      INTEGER NOT NULL, -- from the start, stored
  shift_ms   INTEGER, -- added to every time
  counts     TEXT NOT NULL, -- JSON
  finished   INTEGER NOT NULL,
  updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- At most one row: what is known of Reddit's rate limit, so that it outlives the collecting job.
CREATE TABLE rate_budget (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  sent_at       TEXT NOT NULL, -- JSON array: when the requests of the last minute were sent
  remaining     INTEGER, -- requests left until reset_at; null: not known
  reset_at      TEXT NOT NULL,
  blocked_until TEXT NOT NULL
) STRICT;

-- The newest item read of a listing whose watermark a bad object holds below it. Not columns of
-- subreddits, which older code writes whole; what that leaves here is older than its watermark
-- and then means nothing.
CREATE TABLE newest_read (
  subreddit   TEXT NOT NULL COLLATE NOCASE,
  kind        TEXT NOT NULL CHECK (kind IN ('post', 'comment')),
  id          TEXT NOT NULL,
  created_utc TEXT NOT NULL,
  PRIMARY KEY (subreddit, kind)
) STRICT, WITHOUT ROWID;
`;
