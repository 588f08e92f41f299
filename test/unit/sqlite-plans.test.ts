import test from 'ava';
import Database from 'better-sqlite3';
import {
  COUNT_ITEMS,
  COUNT_ITEMS_OF_SUBREDDIT,
  THREADS_OF_HOUR,
} from '../../src/store/sqlite/counts.js';
import { pageCondition } from '../../src/store/sqlite/cycles.js';
import { gapsSql } from '../../src/store/sqlite/gaps.js';
import { commentsSql, recentPostsSql } from '../../src/store/sqlite/reads.js';
import { SHORT_THREADS, STRAYS_CREATED, STRAYS_STORED } from '../../src/store/sqlite/threads.js';
import { countedOfHour } from '../../src/store/sqlite/verify.js';
import { countCreatedSql, createdSql, ITEM_COUNT, sweepSql } from '../../src/store/sqlite/walks.js';
import { temporaryStore } from '../support/store.js';

const since = '2026-01-01T00:00:00.000Z';
const after = { collected_at: since, id: 'p' };
const place = { created_utc: since, id: 'c' };
const gap = { ...{ found_at: since, subreddit: 'x', kind: 'post' as const }, from: '', to: '' };
const cyclesSql = (condition: string) =>
  `SELECT id FROM cycles ${condition.replaceAll('?', "'x'").replace("LIMIT 'x'", 'LIMIT 1')}`;
type Case = [name: string, sql: string, expected: RegExp[]];
const cases: Case[] = [
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
  ...(['post', 'comment'] as const).map(
    (kind): Case => [
      `${kind}s of an hour, for its repair`,
      countedOfHour(kind).replaceAll('?', "'x'"),
      [new RegExp(`INDEX ${kind}s_subreddit_created \\(subreddit=\\? AND created_utc>\\? AND`)],
    ],
  ),
  [
    'threads of an hour',
    THREADS_OF_HOUR.replaceAll('?', "'x'"),
    [
      /posts USING INDEX posts_subreddit_created \(subreddit=\? AND created_utc>\? AND/,
      /comments USING COVERING INDEX comments_post \(post_id=\?\)/,
    ],
  ],
  [
    'short threads',
    SHORT_THREADS,
    [
      /posts USING INDEX posts_subreddit_created \(subreddit=\? AND created_utc>\?\)/,
      /comments USING COVERING INDEX comments_post \(post_id=\?\)/,
    ],
  ],
  [
    'stray posts of comments created in a window',
    STRAYS_CREATED,
    [
      /INDEX comments_subreddit_created \(subreddit=\? AND created_utc>\? AND/,
      /INDEX comments_excluded \(created_utc>\? AND created_utc<\?\)/,
      /posts USING COVERING INDEX sqlite_autoindex_posts_1 \(id=\?\)/,
    ],
  ],
  [
    'stray posts of comments stored since',
    STRAYS_STORED,
    [
      /INDEX comments_subreddit_collected \(subreddit=\? AND collected_at>\?\)/,
      /posts USING COVERING INDEX sqlite_autoindex_posts_1 \(id=\?\)/,
    ],
  ],
  ...(['post', 'comment'] as const).flatMap((kind): Case[] => [
    [
      `${kind}s created in a window, counted`,
      countCreatedSql(kind),
      [
        new RegExp(`COVERING INDEX ${kind}s_subreddit_created \\(subreddit=\\? AND created_utc>`),
        new RegExp(`COVERING INDEX ${kind}s_excluded \\(created_utc>`),
      ],
    ],
    [
      `${kind}s created in a window`,
      createdSql(kind),
      [
        new RegExp(`INDEX ${kind}s_subreddit_created \\(subreddit=\\? AND created_utc>`),
        new RegExp(`INDEX ${kind}s_excluded \\(created_utc>`),
      ],
    ],
    [
      `page of the sweep through ${kind}s`,
      sweepSql(kind),
      [
        new RegExp(
          `INDEX ${kind}s_subreddit_collected \\(subreddit=\\? AND \\(collected_at,id\\)>`,
        ),
      ],
    ],
  ]),
  ['recent', recentPostsSql({ since, limit: 1 }), [/INDEX posts_collected /]],
  ['recent, next page', recentPostsSql({ since, limit: 1, after }), [/INDEX posts_collected /]],
  [
    'recent of a subreddit',
    recentPostsSql({ since, limit: 1, subreddit: 'x', after }),
    [/INDEX posts_subreddit_collected /],
  ],
  [
    'page of comments',
    commentsSql({ postId: 'p', limit: 1 }),
    [/INDEX comments_post \(post_id=\?\)/],
  ],
  [
    'page of comments, the next',
    commentsSql({ postId: 'p', limit: 1, after: place }),
    [/INDEX comments_post \(post_id=\? AND \(created_utc,id\)>\(\?,\?\)\)/],
  ],
  ['page of gaps', gapsSql({}), [/INDEX gaps_found/]],
  ['page of gaps, the next', gapsSql({ after: gap }), [/INDEX gaps_found \(/]],
  [
    'page of lost gaps, the next',
    gapsSql({ status: 'lost', after: gap }),
    [/INDEX gaps_status_found \(status=\? AND /],
  ],
  ['page of cycles', cyclesSql(pageCondition({})), [/INDEX cycles_started/]],
  [
    'page of cycles, the next',
    cyclesSql(pageCondition({ status: 'failed', after: { started_at: since, id: 'c' } })),
    [/INDEX cycles_status_started \(status=\? AND /],
  ],
];

for (const [name, sql, expected] of cases) {
  test(`${name}: the index does the work`, async (t) => {
    const { path } = await temporaryStore(t);
    const db = new Database(path, { readonly: true });
    const bound = {
      ...{ from: '', to: '', subreddit: '', since, limit: 1, afterTime: '', afterId: '' },
      ...{ postId: '', asOf: '', foundAt: '', kind: '', status: '', subreddits: '[]' },
      ...{ collectedAt: '', id: '', doubtedFrom: '', doubtedTo: '', storedSince: '' },
    };
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(bound) as { detail: string }[];
    db.close();
    const plan = rows.map((row) => row.detail).join('\n');
    for (const pattern of expected) t.regex(plan, pattern);
    t.notRegex(plan, /SCAN (posts|comments)/);
    if (/^(recent|page)/.test(name)) t.notRegex(plan, /TEMP B-TREE/);
  });
}

test('how many items there are is read off the rollups and two small indexes', async (t) => {
  const { path } = await temporaryStore(t);
  const db = new Database(path, { readonly: true });
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${ITEM_COUNT}`).all() as { detail: string }[];
  db.close();
  const scans = rows
    .map(({ detail }) => detail)
    .filter((detail) => /SCAN (posts|comments)/.test(detail));
  t.deepEqual(scans, [
    'SCAN posts USING COVERING INDEX posts_excluded',
    'SCAN comments USING COVERING INDEX comments_excluded',
  ]);
});
