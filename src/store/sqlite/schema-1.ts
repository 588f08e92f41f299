import { EXCLUSIONS, LABELS, SCORE_UNIT } from '../../domain/item.js';

const among = (values: readonly string[]) => values.map((value) => `'${value}'`).join(', ');

/** What posts and comments have in common after their own columns. */
const ASSESSED = `
  created_utc    TEXT NOT NULL,
  upvotes        INTEGER NOT NULL,
  collected_at   TEXT NOT NULL, -- first stored; never changes, never goes backwards
  updated_at     TEXT NOT NULL, -- anything about it last changed
  label          TEXT NOT NULL CHECK (label IN (${among(LABELS)})),
  score          REAL NOT NULL, -- -1 to 1, a whole multiple of 1/${SCORE_UNIT}
  confidence     REAL NOT NULL,
  method         TEXT NOT NULL,
  scorer_version TEXT NOT NULL,
  excluded       TEXT CHECK (excluded IN (${among(EXCLUSIONS)})) -- null: it counts`;

/**
 * The last two cover aggregates over partial hours and the rollups' recomputation, which
 * touch no row; without `excluded` among their columns SQLite would look each row up for it.
 */
const indexes = (table: string) => `
CREATE INDEX ${table}_collected ON ${table} (collected_at, id);
CREATE INDEX ${table}_subreddit_collected ON ${table} (subreddit, collected_at, id);
CREATE INDEX ${table}_created ON ${table} (created_utc, label, score, excluded)
  WHERE excluded IS NULL;
CREATE INDEX ${table}_subreddit_created ON ${table} (subreddit, created_utc, label, score, excluded)
  WHERE excluded IS NULL;`;

/** Times are UTC ISO 8601 text with milliseconds, so they compare and sort as text. */
export const SCHEMA_1 = `
-- One row per post; id is Reddit's without t3_.
CREATE TABLE posts (
  id             TEXT NOT NULL PRIMARY KEY,
  subreddit      TEXT NOT NULL COLLATE NOCASE,
  author         TEXT NOT NULL,
  title          TEXT NOT NULL,
  content        TEXT NOT NULL,
  url            TEXT NOT NULL,
  permalink      TEXT NOT NULL,
  comment_count  INTEGER NOT NULL,${ASSESSED}
) STRICT;
${indexes('posts')}

-- One row per comment; id is Reddit's without t1_. Its post may be missing: no foreign key.
CREATE TABLE comments (
  id             TEXT NOT NULL PRIMARY KEY,
  post_id        TEXT NOT NULL,
  parent_id      TEXT NOT NULL, -- Reddit's fullname, t3_… or t1_…
  subreddit      TEXT NOT NULL COLLATE NOCASE,
  author         TEXT NOT NULL,
  content        TEXT NOT NULL,
  permalink      TEXT NOT NULL,${ASSESSED}
) STRICT;
${indexes('comments')}

-- Counted items of one subreddit in one hour of created_utc; always equal to their recount.
CREATE TABLE rollups_hourly (
  hour         TEXT NOT NULL,
  subreddit    TEXT NOT NULL COLLATE NOCASE,
  posts        INTEGER NOT NULL,
  comments     INTEGER NOT NULL,
  positive     INTEGER NOT NULL,
  negative     INTEGER NOT NULL,
  neutral      INTEGER NOT NULL,
  score_sum    INTEGER NOT NULL, -- in units of 1/${SCORE_UNIT}
  last_item_at TEXT NOT NULL,
  PRIMARY KEY (hour, subreddit)
) STRICT, WITHOUT ROWID;
CREATE INDEX rollups_hourly_subreddit ON rollups_hourly (subreddit, hour);

-- The same by UTC day, derived.
CREATE VIEW rollups_daily AS
SELECT substr(hour, 1, 10) || 'T00:00:00.000Z' AS day, subreddit,
  sum(posts) AS posts, sum(comments) AS comments,
  sum(positive) AS positive, sum(negative) AS negative, sum(neutral) AS neutral,
  sum(score_sum) AS score_sum, max(last_item_at) AS last_item_at
FROM rollups_hourly GROUP BY substr(hour, 1, 10), subreddit;

-- One row per collection cycle; subreddits and errors are JSON as the API shows them.
CREATE TABLE cycles (
  id              TEXT NOT NULL PRIMARY KEY,
  started_at      TEXT NOT NULL,
  finished_at     TEXT,
  status          TEXT NOT NULL,
  "trigger"       TEXT NOT NULL,
  subreddits      TEXT NOT NULL,
  errors          TEXT NOT NULL,
  memory_start_mb REAL NOT NULL,
  memory_end_mb   REAL,
  duration_ms     REAL,
  holder          TEXT NOT NULL, -- the process that ran it
  epoch           INTEGER NOT NULL -- of the lease it ran under
) STRICT;
CREATE INDEX cycles_started ON cycles (started_at, id);
CREATE INDEX cycles_status_finished ON cycles (status, finished_at);

-- What is known about each subreddit, with its watermarks.
CREATE TABLE subreddits (
  name                  TEXT NOT NULL PRIMARY KEY COLLATE NOCASE,
  state                 TEXT NOT NULL,
  last_success_at       TEXT,
  post_watermark_id     TEXT,
  post_watermark_utc    TEXT,
  comment_watermark_id  TEXT,
  comment_watermark_utc TEXT
) STRICT, WITHOUT ROWID;

-- Stretches that Reddit's listings no longer reached.
CREATE TABLE gaps (
  subreddit TEXT NOT NULL COLLATE NOCASE,
  kind      TEXT NOT NULL CHECK (kind IN ('post', 'comment')),
  from_utc  TEXT NOT NULL, -- the watermark the listing did not reach
  to_utc    TEXT NOT NULL, -- the oldest item it still held
  status    TEXT NOT NULL CHECK (status IN ('open', 'closed', 'lost')),
  found_at  TEXT NOT NULL,
  PRIMARY KEY (subreddit, kind, from_utc, to_utc)
) STRICT, WITHOUT ROWID;

-- One row: who may collect. holder is null while nobody does; epoch only grows.
CREATE TABLE lease (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  epoch      INTEGER NOT NULL,
  holder     TEXT,
  cycle_id   TEXT,
  expires_at TEXT
) STRICT;
INSERT INTO lease (one, epoch) VALUES (1, 0);

-- At most one row: a cycle that somebody asked for.
CREATE TABLE requests (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  cycle_id     TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  taken_at     TEXT
) STRICT;

-- At most one row: the last sign of life of the job runner.
CREATE TABLE heartbeat (
  one          INTEGER PRIMARY KEY CHECK (one = 1),
  at           TEXT NOT NULL,
  holder       TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  memory_mb    REAL NOT NULL,
  runs_skipped INTEGER NOT NULL
) STRICT;

-- One row: the schema, the oldest schema number whose code can use it, and two counters.
CREATE TABLE meta (
  one               INTEGER PRIMARY KEY CHECK (one = 1),
  schema_version    INTEGER NOT NULL,
  oldest_code       INTEGER NOT NULL,
  data_version      INTEGER NOT NULL, -- moves with every commit that readers can see
  last_collected_at TEXT NOT NULL -- the newest collected_at ever given out
) STRICT;
INSERT INTO meta VALUES (1, 1, 1, 0, '1970-01-01T00:00:00.000Z');
`;
