/** Only new tables: code of schema 1, which does not know them, goes on working. */
export const SCHEMA_2 = `
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
