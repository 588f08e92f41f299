/** Dumps: items that retention leaves alone, and how far imports have come. */
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
`;
