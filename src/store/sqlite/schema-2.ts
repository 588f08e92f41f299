export const SCHEMA_2 = `
-- At most one row: what is known of Reddit's rate limit, so that it outlives the collecting job.
CREATE TABLE rate_budget (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  sent_at       TEXT NOT NULL, -- JSON array: when the requests of the last minute were sent
  remaining     INTEGER, -- requests left until reset_at; null: not known
  reset_at      TEXT NOT NULL,
  blocked_until TEXT NOT NULL
) STRICT;
`;
