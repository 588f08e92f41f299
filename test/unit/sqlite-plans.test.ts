import test from 'ava';
import Database from 'better-sqlite3';
import { COUNT_ITEMS, COUNT_ITEMS_OF_SUBREDDIT } from '../../src/store/sqlite/counts.js';
import { recentPostsSql } from '../../src/store/sqlite/reads.js';
import { temporaryStore } from '../support/store.js';

const since = '2026-01-01T00:00:00.000Z';
const after = { collected_at: since, id: 'p' };
const cases: [name: string, sql: string, expected: RegExp[]][] = [
  [
    'counts of all',
    COUNT_ITEMS,
    [
      /posts USING COVERING INDEX posts_created /,
      /comments USING COVERING INDEX comments_created /,
    ],
  ],
  [
    'counts of a subreddit',
    COUNT_ITEMS_OF_SUBREDDIT,
    [
      /posts USING COVERING INDEX posts_subreddit_created /,
      /comments USING COVERING INDEX comments_subreddit_created /,
    ],
  ],
  ['recent', recentPostsSql({ since, limit: 1 }), [/INDEX posts_collected /]],
  ['recent, next page', recentPostsSql({ since, limit: 1, after }), [/INDEX posts_collected /]],
  [
    'recent of a subreddit',
    recentPostsSql({ since, limit: 1, subreddit: 'x', after }),
    [/INDEX posts_subreddit_collected /],
  ],
];

for (const [name, sql, expected] of cases) {
  test(`${name}: the index does the work`, async (t) => {
    const { path } = await temporaryStore(t);
    const db = new Database(path, { readonly: true });
    const bound = { from: '', to: '', subreddit: '', since, limit: 1, afterTime: '', afterId: '' };
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(bound) as { detail: string }[];
    db.close();
    const plan = rows.map((row) => row.detail).join('\n');
    for (const pattern of expected) t.regex(plan, pattern);
    t.notRegex(plan, /SCAN (posts|comments)/);
    if (name.startsWith('recent')) t.notRegex(plan, /TEMP B-TREE/);
  });
}
