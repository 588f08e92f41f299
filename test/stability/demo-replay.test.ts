import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { demo, runIn } from '../support/demo-process.js';

const recordings = ['t3_posts', 't1_comments'].map((name) =>
  resolve(`../shared/data/wire/${name}.ndjson.gz`),
);
const onRecordings = recordings.every((file) => existsSync(file)) ? test : test.skip;
/** More requests than Reddit allows in a minute: most of it is the wait for the next one. */
onRecordings(
  'replayed: stored + skipped = served, each skip with its reason (skips without ../shared)',
  async (t) => {
    const { folder, env, started, get } = await demo(t, ['--replay', ...recordings]);
    t.is(started.code, 0, started.output);
    const [cycle] = (await get('/api/v1/collections')).body as unknown as {
      subreddits: { skipped: Record<string, number>; [count: string]: unknown }[];
    }[];
    const results = cycle?.subreddits ?? [];
    const sum = (field: string) => results.reduce((n, result) => n + Number(result[field]), 0);
    const skips = results.flatMap(({ skipped }) => Object.entries(skipped));
    const skipped = skips.reduce((n, [, count]) => n + count, 0);
    t.is(sum('posts_seen') + sum('comments_seen'), 6123 + 9642);
    t.is(sum('posts_new') + sum('comments_new') + skipped, 6123 + 9642);
    t.true(skips.every(([reason]) => reason.length > 3));
    t.log(`${skipped} skipped: ${JSON.stringify(skips)}`);
    const verified = await runIn(folder, 'verify-store', ['--json'], {
      ...env,
      SQLITE_PATH: join(folder, '.demo/sentimentagent.db'),
    });
    t.like(verified, { code: 0 });
    t.like(JSON.parse(verified.stdout), { differences: [], items: 6123 + 9642 - skipped });
  },
);
