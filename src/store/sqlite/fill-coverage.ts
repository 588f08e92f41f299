import type { Db } from './db.js';
import { rebuildStaleTerms } from './post-terms.js';

/**
 * For a database whose rollups are older than their coverage. Its items that are gone may still
 * have title, address and author, so they lose them now; this makes terms of their hours stale.
 */
export function fillCoverage(db: Db): void {
  db.exec(FILL);
  db.exec(ERASE);
  rebuildStaleTerms(db);
}

const FILL = `UPDATE rollups_hourly SET thread_comments = expected, thread_comments_stored = stored
  FROM (
    SELECT hour AS of_hour, subreddit AS of_subreddit,
      sum(expected) AS expected, sum(min(expected, stored)) AS stored
    FROM (
      SELECT substr(created_utc, 1, 13) || ':00:00.000Z' AS hour, subreddit,
        max(comment_count - unreachable, 0) AS expected, coalesce(known, 0) AS stored
      FROM posts
      LEFT JOIN (SELECT post_id, count(*) AS known FROM comments GROUP BY post_id) ON post_id = id
      WHERE excluded IS NULL AND comment_count > 0
    ) GROUP BY hour, subreddit
  ) WHERE hour = of_hour AND subreddit = of_subreddit`;

const gone = (of: string, permalink: string) => `author = '[deleted]', content = ${of},
  label = 'neutral', score = 0, confidence = 0, edited_at = NULL, permalink = ${permalink}`;
const TEXT = `'[' || excluded || ']'`;
const POST_PERMALINK = `'/r/' || subreddit || '/comments/' || id || '/'`;
const COMMENT_PERMALINK = `'/r/' || subreddit || '/comments/' || post_id || '/_/' || id || '/'`;
const ERASE = `
UPDATE posts SET title = ${TEXT}, url = 'https://www.reddit.com' || ${POST_PERMALINK},
  ${gone(TEXT, POST_PERMALINK)}
WHERE excluded IN ('deleted', 'removed');
UPDATE comments SET
  ${gone(TEXT, COMMENT_PERMALINK)}
WHERE excluded IN ('deleted', 'removed');
-- Theirs bear the words of the title of their post, which is gone; the sweep sees to the others.
UPDATE comments SET permalink = ${COMMENT_PERMALINK}
WHERE post_id IN (SELECT id FROM posts WHERE excluded IN ('deleted', 'removed'));`;
