import test from 'ava';
import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { cycleBench } from '../support/cycle-bench.js';
import { storedIds } from '../support/stored-ids.js';

const HALF_HOUR = 30 * 60_000;
/** The simulator's own default: 700 posts and 4,000 comments in its listings. */
const DEFAULT_VOLUME = {
  subreddits: DEFAULT_SUBREDDITS.split(','),
  postsPerHour: 88,
  commentsPerHour: 462,
  historyHours: 8.7,
  maxListing: 900,
};

const listings = ({ subreddits }: Cycle) => subreddits.reduce((n, s) => n + s.requests, 0);

test.serial(
  'default volume: a first cycle stores what is listed in at most 80 requests, later ones take at most 40',
  async (t) => {
    const bench = await cycleBench(t, { simulation: DEFAULT_VOLUME });
    const first = await bench.cycle();
    t.is(first.status, 'succeeded');
    t.deepEqual(bench.missing(), []);
    const { posts, comments } = storedIds(bench.databasePath);
    t.true(posts.length > 600 && comments.length > 3000, `${posts.length}, ${comments.length}`);
    t.deepEqual((await bench.store.verify({ repair: false })).differences, []);
    const steps = [first.upkeep?.repair, first.upkeep?.refresh, first.upkeep?.sweep];
    const all = steps.reduce((n, step) => n + (step?.requests ?? 0), listings(first));
    t.true(all <= 80, `${all} requests`);
    t.log(`first: ${all} requests; one by one ${first.subreddits.length + posts.length}`);

    for (let n = 1; n <= 6; n += 1) {
      await bench.pass(HALF_HOUR);
      const cycle = await bench.cycle();
      t.is(cycle.status, 'succeeded');
      t.deepEqual(bench.missing(), []);
      const asked = listings(cycle) + (cycle.upkeep?.repair.requests ?? 0);
      t.true(asked <= 40, `cycle ${n}: ${asked} requests`);
      t.log(`cycle ${n}: ${asked}, of them ${cycle.upkeep?.repair.requests} for threads`);
    }
  },
);

/** Both kinds go beyond the end of the listing, as one busy subreddit does between two cycles. */
for (const [name, rates] of [
  ['1,500 comments and 150 posts', { postsPerHour: 50, commentsPerHour: 500 }],
  ['1,200 posts', { postsPerHour: 400, commentsPerHour: 60 }],
] as const) {
  test.serial(
    `${name} of one subreddit between two cycles: complete, or a gap that says how many`,
    async (t) => {
      const bench = await cycleBench(t, {
        simulation: { subreddits: ['aws'], ...rates, historyHours: 1, maxListing: 900 },
      });
      await bench.cycle();
      const sinceMs = bench.clock.now();
      await bench.pass(3 * 60 * 60_000);
      const cycle = await bench.cycle();
      t.is(cycle.status, 'succeeded');
      const stored = storedIds(bench.databasePath);
      const truth = bench.reddit.world.truth();
      const gaps = await bench.store.gaps({ limit: 10 });
      const posts = new Set(stored.posts);
      for (const kind of ['posts', 'comments'] as const) {
        const known = new Set(stored[kind]);
        const lacking = truth[kind].filter(
          ({ data, goneMs, visibleMs }) =>
            goneMs === null &&
            visibleMs >= sinceMs &&
            visibleMs <= Date.parse(cycle.started_at) &&
            !known.has(data.id) &&
            // Nothing that can be seen speaks of what stands under a post that nobody ever saw.
            (kind === 'posts' || posts.has(String(data.link_id).slice(3))),
        );
        const said = gaps
          .filter((gap) => `${gap.kind}s` === kind && gap.status !== 'closed')
          .reduce((n, { missing }) => n + (missing ?? 0), 0);
        t.log(`${kind}: ${lacking.length} lacking, gaps say ${said}`);
        if (lacking.length === 0) continue;
        t.true(said > 0, `${lacking.length} ${kind} lack, and no gap says so`);
        t.true(Math.abs(said - lacking.length) <= lacking.length / 2, 'nor is it far off');
      }
      t.log(
        gaps
          .map(({ kind, status, missing }) => `${kind} gap ${status}, ${missing} missing`)
          .join('; '),
      );
      t.true(gaps.length > 0, 'it went beyond the end of a listing');
    },
  );
}
