/**
 * A table of its own, so that older code, which writes `subreddits` whole, goes on working;
 * what it leaves here is older than its watermark and then means nothing.
 */
export const NEWEST_READ = `
-- The newest item read of a listing whose watermark a bad object holds below it.
CREATE TABLE newest_read (
  subreddit   TEXT NOT NULL COLLATE NOCASE,
  kind        TEXT NOT NULL CHECK (kind IN ('post', 'comment')),
  id          TEXT NOT NULL,
  created_utc TEXT NOT NULL,
  PRIMARY KEY (subreddit, kind)
) STRICT, WITHOUT ROWID;`;
