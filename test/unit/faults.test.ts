import test from 'ava';
import { cycleBench } from '../support/cycle-bench.js';
import { ROWS, THE_ONE } from '../support/fault-table.js';
import { runRow } from '../support/fault-rows.js';

/**
 * Every kind once where it befalls tokens, and once where it befalls one subreddit. The whole
 * table, with twenty cycles under each fault, is `npm run test:stability`.
 */
for (const row of ROWS) {
  if (row.scope !== 'token' && row.scope !== 'one') continue;
  test.serial(
    `${row.kind}, ${row.scope}: ${row.status}, ${row.fate.code ?? row.fate.state}`,
    async (t) => {
      const { failures } = await runRow(t, row, 1);
      t.deepEqual(failures, []);
    },
  );
}

test.serial(
  'silent for ever, and a deadline shorter than the retries: it ends on the dot',
  async (t) => {
    const bench = await cycleBench(t, { env: { COLLECTION_DEADLINE_MINUTES: '2' } });
    bench.reddit.faults.add({ kind: 'silent' });
    const cycle = await bench.cycle();
    t.is(cycle.status, 'failed');
    t.is(cycle.duration_ms, 120_000);
    // Four times 15 s and the pauses between them are 81 s: the second one is cut off in its third attempt.
    t.deepEqual(
      cycle.subreddits.map(({ error }) => [error?.code, error?.attempt]),
      [
        ['reddit_timeout', 4],
        ['deadline_exceeded', 3],
        ['deadline_exceeded', 0],
      ],
    );
    // The end says what it ended.
    t.regex(cycle.subreddits[1]?.error?.message ?? '', /deadline: .*reddit_timeout: /);
    bench.reddit.faults.clear();
    t.is((await bench.cycle()).status, 'succeeded');
    t.deepEqual(bench.missing(), []);
  },
);

test.serial(
  'a subreddit that falls silent in the middle of a listing keeps what was read',
  async (t) => {
    const bench = await cycleBench(t);
    bench.reddit.faults.add({ kind: 'silent', subreddit: THE_ONE, route: 'comments' });
    const cycle = await bench.cycle();
    t.is(cycle.status, 'partial');
    const one = cycle.subreddits.find(({ name }) => name === THE_ONE);
    t.is(one?.error?.code, 'reddit_timeout');
    t.true((one?.posts_new ?? 0) > 0);
    bench.reddit.faults.clear();
    t.is((await bench.cycle()).status, 'succeeded');
    t.deepEqual(bench.missing(), []);
  },
);

test.serial('told to come back in five minutes, it does, and loses nothing', async (t) => {
  const bench = await cycleBench(t);
  bench.reddit.faults.add({ kind: 'rate_limited', route: 'comments', count: 1, retry_after: 300 });
  const cycle = await bench.cycle();
  t.is(cycle.status, 'succeeded');
  t.is(cycle.duration_ms, 300_000);
  t.deepEqual(bench.missing(), []);
});
