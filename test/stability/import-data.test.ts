import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import test from 'ava';
import Database from 'better-sqlite3';
import { contentOf } from '../support/crash-table.js';
import { ImportBench } from '../support/import-process.js';
import { HAS_RECORDINGS, recordedLines, type RecordedThing, WIRE } from '../support/recorded.js';

const BULK = resolve('..', 'shared', 'data', 'bulk', 'posts.ndjson.gz');
const HAS_BULK = existsSync(BULK);
const BULK_POSTS = 26_489;
const DEATHS = 10;

const bulk = HAS_BULK ? test.serial : test.serial.skip;
const wire = HAS_RECORDINGS ? test.serial : test.serial.skip;

/** How many posts a reader sees; 0 before the table is there. */
function postsIn(path: string): number {
  if (!existsSync(path)) return 0;
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare('SELECT count(*) FROM posts').pluck().get() as number;
  } catch {
    return 0;
  } finally {
    db.close();
  }
}

bulk(
  `all ${BULK_POSTS} posts of a real dump; killed ${DEATHS} times and resumed, the store is the same${HAS_BULK ? '' : ' (skipped: no ../shared/data/bulk)'}`,
  async (t) => {
    t.timeout(240_000);
    const args = ['--keep-history', BULK];
    const whole = new ImportBench(t);
    const all = await whole.report(args);
    t.like(all, { code: 0, posts_new: BULK_POSTS, known: 0, skipped: {} });
    t.log(`${Math.round((1000 * BULK_POSTS) / all.duration_ms)} items/s`);

    const parts = new ImportBench(t);
    for (let death = 1; death <= DEATHS; death += 1) {
      const { child, ended } = parts.start(args);
      const enough = (BULK_POSTS * death) / (DEATHS + 1);
      while (child.exitCode === null && postsIn(parts.database) < enough) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      child.kill('SIGKILL');
      t.is((await ended).code, 'SIGKILL', `death ${death}`);
    }
    const before = postsIn(parts.database);
    const last = await parts.report(args);
    const resumed = last.files[0]?.resumed_after ?? 0;
    t.log(`${before} before the last run, which went on after line ${resumed}`);
    t.true(resumed >= 20_000 && resumed <= before, 'it did not begin anew');
    t.is(postsIn(parts.database), BULK_POSTS);
    t.like(await parts.run(['--json'], '', 'verify-store'), { code: 0 });
    const [mine, right] = [contentOf(parts.database), contentOf(whole.database)];
    t.is(right.posts.length, BULK_POSTS);
    t.true(JSON.stringify(mine) === JSON.stringify(right), 'not deepEqual: too long to show');

    t.like(await whole.report(args), { code: 0, posts_new: 0, known: BULK_POSTS });
  },
);

wire(
  `all recorded posts and comments${HAS_RECORDINGS ? '' : ' (skipped: no ../shared/data/wire)'}`,
  async (t) => {
    const files = ['t3_posts.ndjson.gz', 't1_comments.ndjson.gz'];
    const ids = files.map(
      (file) => new Set(recordedLines<RecordedThing>(file).map(({ data }) => data.id)).size,
    );
    const bench = new ImportBench(t);
    const paths = files.map((file) => resolve(WIRE, file));
    const report = await bench.report(['--keep-history', ...paths]);
    t.like(report, { code: 0, posts_new: ids[0], comments_new: ids[1], known: 0, skipped: {} });
    const verified = await bench.run(['--json'], '', 'verify-store');
    t.is(verified.code, 0);
    t.like(JSON.parse(verified.stdout), { items: (ids[0] ?? 0) + (ids[1] ?? 0), differences: [] });

    const young = new ImportBench(t);
    const retimed = await young.report(['--retime', ...paths]);
    t.is(retimed.code, 0);
    t.is(
      retimed.posts_new + retimed.comments_new + (retimed.skipped.past_retention ?? 0),
      (ids[0] ?? 0) + (ids[1] ?? 0),
    );
    t.true(retimed.comments_new > 0 && (retimed.shift_ms ?? 0) !== 0);
  },
);
