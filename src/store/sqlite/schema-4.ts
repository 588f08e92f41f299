/**
 * Only additions: code of schema 3 goes on working. It leaves the coverage of the hours that it
 * writes as it was, until this code writes them again or `verify-store` repairs them.
 *
 * Two forms of items without text (src/domain/erasure.ts). Gone: excluded is deleted or removed,
 * author [deleted], title and content [deleted] or [removed], neutral. Expired: author, title and
 * content are empty, everything else is as it was. Permalink and url are without words in both.
 */
export const SCHEMA_4 = `
ALTER TABLE posts ADD COLUMN edited_at TEXT; -- when its author last changed the text
ALTER TABLE comments ADD COLUMN edited_at TEXT;
-- Comments that Reddit counts in the thread and that the whole thread, read then, does not show.
ALTER TABLE posts ADD COLUMN unreachable INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN thread_read_at TEXT;

-- Comments in the threads of the hour's counted posts: by Reddit's count less the unreachable
-- ones, and how many of them are stored.
ALTER TABLE rollups_hourly ADD COLUMN thread_comments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollups_hourly ADD COLUMN thread_comments_stored INTEGER NOT NULL DEFAULT 0;

ALTER TABLE gaps ADD COLUMN missing INTEGER; -- items; null: not counted
ALTER TABLE gaps ADD COLUMN settled_at TEXT; -- closed or given up
ALTER TABLE cycles ADD COLUMN upkeep TEXT; -- JSON as the API shows it

-- The others are in posts_created and comments_created.
CREATE INDEX posts_excluded ON posts (created_utc, subreddit, excluded)
  WHERE excluded IS NOT NULL;
CREATE INDEX comments_excluded ON comments (created_utc, subreddit, excluded)
  WHERE excluded IS NOT NULL;

-- At most one row: where refresh and deletion sweep have got to.
CREATE TABLE upkeep (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  refreshed_at TEXT,
  sweep        TEXT -- JSON: began_at, asked, place
) STRICT;

-- Items that Reddit left out without a word when they were asked for by name.
CREATE TABLE omissions (
  kind      TEXT NOT NULL CHECK (kind IN ('post', 'comment')),
  id        TEXT NOT NULL,
  subreddit TEXT NOT NULL COLLATE NOCASE,
  times     INTEGER NOT NULL, -- in a row
  first_at  TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

-- The audit record: how many items lost text and author, in which cycle and why. No names.
CREATE TABLE blankings (
  at       TEXT NOT NULL, -- the last of them
  cycle_id TEXT NOT NULL, -- of the collection; or the job that did it
  reason   TEXT NOT NULL, -- deleted, removed; omitted: Reddit no longer gives it; expired
  kind     TEXT NOT NULL CHECK (kind IN ('post', 'comment')),
  items    INTEGER NOT NULL,
  PRIMARY KEY (cycle_id, reason, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX blankings_at ON blankings (at);

-- At most one row: collection was paused by hand.
CREATE TABLE pause (
  one    INTEGER PRIMARY KEY CHECK (one = 1),
  since  TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;

-- When each daily job last did all it had to, and the data version then.
CREATE TABLE job_runs (
  job          TEXT NOT NULL PRIMARY KEY,
  succeeded_at TEXT NOT NULL,
  data_version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- At most one row: notes in rollup_changes up to this version were removed, some of them at least.
CREATE TABLE forgotten_changes (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  data_version INTEGER NOT NULL
) STRICT;
`;
