import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { systemClock } from '../../src/clock.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { startApi } from '../support/api-process.js';
import { fakeReddit, json, listing, redditComment, redditPost } from '../support/fake-reddit.js';
import { startJobs, until } from '../support/jobs-process.js';
import { temporaryFolder } from '../support/temp.js';

const VERIFY = fileURLToPath(new URL('../../src/cli/verify-store.js', import.meta.url));
/** What the dashboard asks, so that its answers are in memory. */
const CHARTS = [
  '/sentiment/stats?hours=24',
  '/trending?hours=24',
  '/posts/recent',
  '/subreddits',
  '/collections',
];
const READS = [
  '/posts/recent',
  '/posts/pclaude',
  '/sentiment/stats',
  '/subreddits',
  '/collections',
];
const NEVER_ASKED = [
  '/posts/recent?hours=77',
  '/posts/pclaude',
  '/posts/pclaude/comments',
  '/sentiment/stats?hours=77',
  '/sentiment/trends?hours=77',
  '/trending?hours=77',
  '/collections?limit=7',
  '/collections/gaps',
];
const SUBREDDITS = ['claude', 'aws', 'OpenAI'];
const BACK_WITHIN_MS = 30_000;

/**
 * The real api and jobs on one store in a folder of its own, with a Reddit of one post and one
 * comment a subreddit. `duringCycle` happens once, when the cycle asks for r/aws.
 */
async function system(t: ExecutionContext, env: Record<string, string>) {
  const folder = join(temporaryFolder(t), 'data');
  mkdirSync(folder);
  const path = join(folder, 'store.db');
  const created_utc = Math.floor(systemClock.now() / 1000) - 600;
  const hook = { duringCycle: null as (() => void) | null };
  const reddit = await fakeReddit(t, (request, response) => {
    const [, subreddit = '', kind = ''] = /\/r\/(\w+)\/(\w+)/.exec(request.url ?? '') ?? [];
    if (subreddit === '') return json(response, 200, listing([])); // by name: nothing
    if (subreddit === 'aws') {
      hook.duringCycle?.();
      hook.duringCycle = null;
    }
    const item = kind === 'new' ? redditPost : redditComment;
    const id = `${kind === 'new' ? 'p' : 'c'}${subreddit}`.toLowerCase();
    json(response, 200, listing([item(id, { subreddit, created_utc, num_comments: 0 })]));
  });
  const settings = { SQLITE_PATH: path, SUBREDDITS: SUBREDDITS.join(','), ...env };
  const api = startApi(t, settings);
  const base = await api.listening;
  const jobs = startJobs(t, { ...settings, REDDIT_BASE_URL: reddit.url });
  await jobs.ready;
  const get = async (route: string) => fetch(base + route);
  const cycles = async () => (await (await get('/api/v1/collections')).json()) as Cycle[];
  return { folder, path, hook, api, jobs, get, cycles };
}

type System = Awaited<ReturnType<typeof system>>;

/** Everything works again by itself: the hit cycle is closed, the next is complete, nothing is lost. */
async function mustBeWhole(t: ExecutionContext, { api, jobs, get, cycles, path }: System) {
  await until(async () => (await get('/readyz')).status === 200, BACK_WITHIN_MS);
  await until(async () => (await cycles())[0]?.status === 'succeeded', 60_000);
  const [last] = await cycles();
  t.deepEqual(
    last?.subreddits.map(({ name }) => name),
    SUBREDDITS,
  );
  await until(async () => (await get('/health')).status === 200);
  const posts = (await (await get('/api/v1/posts/recent')).json()) as unknown[];
  t.is(posts.length, SUBREDDITS.length);
  t.is((await cycles()).filter(({ status }) => status === 'running').length, 0);
  t.is(api.child.exitCode, null, 'nobody was restarted');
  t.is(jobs.child.exitCode, null);
  const verified = await execa(process.execPath, [VERIFY], {
    env: { SQLITE_PATH: path, NODE_ENV: 'test' },
    reject: false,
  });
  t.regex(verified.stdout, /^6 items, .*\n0 differences$/);
  for (const { child } of [api, jobs]) child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
  t.is(await jobs.exit, 0);
}

const closed = (jobs: System['jobs'], status: string) =>
  jobs.lines.some((line) => line.msg === 'job end' && line.status === status);

test.serial(
  'moved away in mid-cycle for long: old answers or 503, never nothing, then all is well',
  async (t) => {
    const run = await system(t, {
      ...{ DB_RETRY_BASE_DELAY: '0.1', LEASE_SECONDS: '2', COLLECTION_INTERVAL_MINUTES: '0.1' },
    });
    const { folder, hook, get, jobs, api, cycles } = run;
    await until(async () => (await cycles())[0]?.status === 'succeeded');
    const known = (await cycles()).map(({ id }) => id);
    const charts = () => Promise.all(CHARTS.map((route) => get(`/api/v1${route}`)));
    t.true((await charts()).every(({ status }) => status === 200));
    hook.duringCycle = () => renameSync(folder, `${folder}.away`);
    await until(() => existsSync(`${folder}.away`));
    const isStale = ({ status, headers }: Response) =>
      status === 200 && headers.get('x-data-stale') === 'true' && headers.has('age');
    await until(async () => (await charts()).every(isStale));
    const posts = (await (await get('/api/v1/posts/recent')).json()) as unknown[];
    t.is(posts.length, SUBREDDITS.length, 'stale, not empty');
    for (const route of NEVER_ASKED) {
      const reply = await get(`/api/v1${route}`);
      t.is(reply.status, 503, route);
      t.is(reply.headers.get('content-type'), 'application/problem+json');
      t.regex(reply.headers.get('retry-after') ?? '', /^\d+$/);
    }
    await until(async () => (await get('/health')).status === 503);
    const { causes } = (await (await get('/health')).json()) as {
      causes: { code: string; message: string }[];
    };
    t.is(causes[0]?.code, 'database_unreachable');
    t.regex(causes[0]?.message ?? '', /is not there.*; its last answer came \d+ s ago/);
    await until(() => closed(jobs, 'failed'), 30_000);
    await until(() =>
      jobs.lines.some(({ msg, what }) => msg.startsWith('failing') && what === 'heartbeat'),
    );
    // Another slot comes and finds nothing either.
    const starts = jobs.lines.filter(({ msg }) => msg === 'job start').length;
    await until(() => jobs.lines.filter(({ msg }) => msg === 'job start').length > starts, 30_000);
    t.true((await charts()).every(isStale), 'for as long as it takes');
    t.false(existsSync(folder), 'nobody makes an empty store in its place');
    t.is((await get('/livez')).status, 200);
    t.is(api.child.exitCode, null);

    renameSync(`${folder}.away`, folder);
    await until(() =>
      jobs.lines.some(({ msg, what }) => msg === 'works again' && what === 'heartbeat'),
    );
    await mustBeWhole(t, run);
    const hit = new Database(run.path, { readonly: true });
    t.teardown(() => hit.close());
    const statuses = hit.prepare('SELECT id, status FROM cycles').all() as Cycle[];
    const others = statuses.filter(({ id }) => !known.includes(id));
    t.true(
      others.some(({ status }) => status === 'failed'),
      'the hit one says so',
    );
  },
);

test.serial('moved away in mid-cycle for a moment: the cycle waits and is whole', async (t) => {
  const run = await system(t, { COLLECTION_INTERVAL_MINUTES: '10' });
  const { folder, hook, jobs } = run;
  hook.duringCycle = () => renameSync(folder, `${folder}.away`);
  await until(() => jobs.lines.some(({ msg }) => /store: .*trying again/.test(msg)), 30_000);
  renameSync(`${folder}.away`, folder);
  await until(() => closed(jobs, 'succeeded'), 60_000);
  await mustBeWhole(t, run);
  t.is(jobs.lines.filter(({ msg }) => msg === 'job end').length, 1);
});

test.serial(
  'locked for 10 s and more in mid-cycle: reads go on, the cycle waits and is whole',
  async (t) => {
    const run = await system(t, { COLLECTION_INTERVAL_MINUTES: '10' });
    const { path, hook, get, jobs } = run;
    let locker: Database.Database | null = null;
    hook.duringCycle = () => {
      locker = new Database(path);
      locker.exec('BEGIN EXCLUSIVE');
    };
    await until(() => locker !== null);
    const began = systemClock.monotonic();
    const ms = () => systemClock.monotonic() - began;
    // Each write waits for 5 s before it says so, and the rate budget's waits come first.
    const said = () =>
      jobs.lines.some(({ msg }) => /store: .*locked by another process.*trying again/.test(msg));
    const statuses = new Set<number>();
    while (ms() < 10_000 || (!said() && ms() < 40_000)) {
      for (const route of READS) {
        const reply = await get(`/api/v1${route}`);
        statuses.add(reply.status);
        t.false(reply.headers.has('x-data-stale'), route);
      }
      await systemClock.sleep(200);
    }
    (locker as Database.Database | null)?.close();
    t.deepEqual([...statuses], [200], 'the write-ahead log keeps readers apart from writers');
    t.is((await get('/health')).status, 200);
    await until(() => closed(jobs, 'succeeded'), 60_000);
    await mustBeWhole(t, run);
    t.true(said());
  },
);
