import { existsSync, renameSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { moveAway, putBack } from '../../src/demo/store-files.js';
import { CHARTS, freshAfterMs, given, givenAll, staleAnswers } from '../support/charts.js';
import { fill, otherDatabase, servedStore } from '../support/served-store.js';
import { until } from '../support/jobs-process.js';
import { temporaryFolder } from '../support/temp.js';

/** What is promised, and what a busy machine may add. */
const FRESH_WITHIN_MS = 5000 + 5000;
const STALE_WITHIN_MS = 5000;
const NEVER_ASKED = [
  '/api/v1/sentiment/stats?hours=77',
  '/api/v1/sentiment/trends?hours=77',
  '/api/v1/trending?hours=77',
  '/api/v1/posts/recent?hours=77',
  '/api/v1/posts/never',
  '/api/v1/collections/gaps',
];

const bodies = (answers: { body: string }[]) => answers.map(({ body }) => body);

/** What does not depend on the minute in which it was asked. */
async function totals(base: string) {
  const stats = await given(base, '/api/v1/sentiment/stats?hours=24');
  const posts = await given(base, '/api/v1/posts/recent');
  const { statistics } = JSON.parse(stats.body) as {
    statistics: { posts: number; comments: number };
  };
  const ids = (JSON.parse(posts.body) as { id: string }[]).map(({ id }) => id);
  return { posts: statistics.posts, comments: statistics.comments, ids };
}

async function mustBeAway(t: ExecutionContext, base: string): Promise<void> {
  for (const path of NEVER_ASKED) {
    const reply = await given(base, path);
    t.is(reply.status, 503, path);
    t.is(reply.type, 'application/problem+json');
    t.regex(reply.retryAfter ?? '', /^\d+$/);
    t.regex((JSON.parse(reply.body) as { detail: string }).detail, /database does not answer/);
  }
  t.is((await given(base, '/livez')).status, 200);
  t.is((await given(base, '/readyz')).status, 503);
  await until(async () => (await given(base, '/health')).status === 503);
  const health = JSON.parse((await given(base, '/health')).body) as {
    status: string;
    causes: { code: string }[];
  };
  t.like(health, { status: 'unhealthy', causes: [{ code: 'database_unreachable' }] });
}

test.serial('moved away: charts go on with their age; put back: fresh within 5 s', async (t) => {
  const { api, base, path, store } = await servedStore(t);
  const files = { path, awayFolder: `${path}.away` };
  const freshMs: number[] = [];
  for (let round = 1; round <= 3; round += 1) {
    // From here on some of the data is only in the log, which moves along.
    await fill(store, `r${round}`, 3);
    await until(async () => (await totals(base)).posts === 30 + 3 * round);
    const before = await givenAll(base);
    t.true(before.every(({ status, stale, body }) => status === 200 && !stale && body.length > 2));

    moveAway(files);
    const first = await staleAnswers(base, STALE_WITHIN_MS);
    t.deepEqual(bodies(first), bodies(before));
    if (round === 1) {
      await mustBeAway(t, base);
      await systemClock.sleep(1100);
      const later = await givenAll(base);
      for (const [n, { status, stale, age }] of later.entries()) {
        t.deepEqual([status, stale], [200, true], CHARTS[n]);
        t.true((age ?? -1) > (first[n]?.age ?? Infinity), `${CHARTS[n]}: its Age grows`);
      }
      t.deepEqual(bodies(later), bodies(before));
    }
    t.false(existsSync(path), 'nobody makes an empty one');

    putBack(files);
    freshMs.push(await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS }));
    t.is((await totals(base)).posts, 30 + 3 * round, 'nothing is lost');
  }
  t.log(`fresh ${freshMs.join(', ')} ms after it was back`);
  await freshAfterMs(base, {
    paths: NEVER_ASKED.filter((path) => !path.endsWith('/never')),
    withinMs: FRESH_WITHIN_MS,
  });
  await until(async () => (await given(base, '/health')).status === 200);
  await fill(store, 'after', 4);
  await until(async () => (await totals(base)).posts === 43);
  t.is(api.child.exitCode, null, 'nobody was restarted');
  const messages = api.lines().map(({ msg }) => msg);
  t.is(messages.filter((msg) => msg.includes('store thread')).length, 0);
  api.child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
});

for (const [name, cycles] of [
  ['an older backup', 1],
  ['one with a later data version', 20],
] as const) {
  test.serial(`another database in its place, ${name}: only its content is shown`, async (t) => {
    const { base, path, store } = await servedStore(t);
    const other = await otherDatabase(t, 'b', cycles);
    await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS });
    const old = await totals(base);
    t.is(old.posts, 30);

    moveAway({ path, awayFolder: `${path}.away` });
    await staleAnswers(base, STALE_WITHIN_MS);
    renameSync(other, path);
    t.log(`fresh after ${await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS })} ms`);
    const now = await totals(base);
    t.deepEqual([now.posts, now.comments], [5 * cycles, 5 * cycles]);
    t.true(now.ids.length > 0 && now.ids.every((id) => id.startsWith('pb')));
    for (const { body } of await givenAll(base)) t.false(/cycle-a|Theme a|"pa\d/.test(body));
    await store.close();
  });
}

test.serial('replaced by another one in one step: nothing of the old is shown', async (t) => {
  const { base, path, store } = await servedStore(t);
  const other = await otherDatabase(t, 'b', 2);
  await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS });
  const kept = temporaryFolder(t);
  await store.close();
  // As an operator would: the log of the old one must not meet the new one.
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, `${kept}/old${suffix}`);
  }
  renameSync(other, path);
  await until(async () => (await totals(base)).posts === 10);
  await freshAfterMs(base, { withinMs: FRESH_WITHIN_MS });
  const now = await totals(base);
  t.true(now.ids.every((id) => id.startsWith('pb')));
});
