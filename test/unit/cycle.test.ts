import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type CycleDeps, runCycle } from '../../src/collect/cycle.js';
import { AppError } from '../../src/errors.js';
import type { CollectSource } from '../../src/reddit/source.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { retrying } from '../../src/store/retrying.js';
import type { Store } from '../../src/store/store.js';
import { recordingLog } from '../support/log.js';
import { type Simulation, simulation, sourceOf } from '../support/reddit.js';
import { temporaryStore } from '../support/store.js';

const never = new AbortController().signal;
const HOUR = 3_600_000;

interface Bench {
  reddit: Simulation;
  store: Store;
  deps: CycleDeps;
  lines: ReturnType<typeof recordingLog>['lines'];
}

async function bench(t: ExecutionContext, env: Record<string, string> = {}): Promise<Bench> {
  const reddit = await simulation(t);
  const { store, config } = await temporaryStore(t, {
    clock: systemClock,
    env: { SUBREDDITS: reddit.subreddits.join(','), ...env },
  });
  const { log, lines } = recordingLog();
  const deps: CycleDeps = {
    ...{ store, config, log, clock: systemClock },
    source: sourceOf(t, reddit.url),
    scorer: createLexiconScorer(),
    holder: 'test:1:0:0',
    holderIsDead: () => false,
    memory: () => 50 * 1_048_576,
  };
  return { reddit, store, deps, lines };
}

/** Reddit silent for ever: only the caller's signal ends it. */
function untilAborted(_: unknown, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new AppError('cancelled', 'cancelled')));
  });
}

async function storedIds(store: Store): Promise<string[]> {
  const posts = await store.recentPosts({ since: '2000-01-01T00:00:00.000Z', limit: 1000 });
  return posts.map((post) => post.id).sort();
}

/** The listed posts, and those that only listed comments tell of: deleted before anybody saw them. */
function postsToStore({ world }: Simulation): string[] {
  const { posts, comments } = world.truth();
  const told = new Set(comments.flatMap(({ data, listed }) => (listed ? [data.link_id] : [])));
  return posts
    .flatMap(({ data, listed }) => (listed || told.has(data.name) ? [data.id] : []))
    .sort();
}

async function counted(store: Store): Promise<{ posts: number; comments: number }> {
  const window = { from: '2000-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };
  const { windows } = await store.hourlyCounts({ windows: [window] });
  const hours = windows[0] ?? [];
  const sum = (field: 'posts' | 'comments') => hours.reduce((n, hour) => n + hour[field], 0);
  return { posts: sum('posts'), comments: sum('comments') };
}

test('a first cycle stores everything listed, a second one only what is new', async (t) => {
  const { reddit, store, deps } = await bench(t);
  const first = await runCycle({ id: 'one', trigger: 'startup' }, deps, never);
  t.is(first.status, 'succeeded');
  t.deepEqual(await storedIds(store), postsToStore(reddit));
  const before = await counted(store);

  reddit.pass(HOUR);
  const second = await runCycle({ id: 'two', trigger: 'schedule' }, deps, never);
  const all = reddit.listed().posts;
  const stored = new Set(await storedIds(store));
  t.deepEqual(
    all.filter((id) => !stored.has(id)),
    [],
  );
  const after = await counted(store);
  t.true(after.comments > before.comments);
  const cycle = second.status === 'skipped' ? null : second.cycle;
  const found = cycle?.subreddits.reduce((n, s) => n + s.comments_new, 0) ?? 0;
  t.true(found > 0 && found < 200, `${found} new comments in an hour at 60 an hour`);
  t.deepEqual((await store.verify({ repair: false })).differences, []);
});

test('the same cycle again changes nothing that readers see', async (t) => {
  const { store, deps } = await bench(t);
  await runCycle({ id: 'one', trigger: 'startup' }, deps, never);
  const before = { counts: await counted(store), ids: await storedIds(store) };
  const again = await runCycle({ id: 'two', trigger: 'schedule' }, deps, never);
  t.like(again, { status: 'succeeded' });
  t.deepEqual({ counts: await counted(store), ids: await storedIds(store) }, before);
});

test('one failing subreddit costs only its own part, and says so in full', async (t) => {
  const { store, deps, lines } = await bench(t);
  const source: CollectSource = {
    ...deps.source,
    async listing(query, signal) {
      if (query.subreddit === 'aws') throw new AppError('reddit_unavailable', 'answered 503');
      return deps.source.listing(query, signal);
    },
  };
  const outcome = await runCycle({ id: 'one', trigger: 'startup' }, { ...deps, source }, never);
  t.is(outcome.status, 'partial');
  const [cycle] = await store.cycles({ limit: 1 });
  t.like(cycle?.subreddits[1], { name: 'aws', error: { code: 'reddit_unavailable' } });
  t.like(cycle?.errors[0], { subreddit: 'aws', code: 'reddit_unavailable' });
  t.true((cycle?.subreddits[2]?.posts_new ?? 0) > 0);
  const line = lines.find(({ msg }) => msg === 'subreddit failed');
  t.like(line, { level: 'error', cycle: 'one', subreddit: 'aws', code: 'reddit_unavailable' });
  t.truthy((line?.err as { stack?: string }).stack);
});

test('what was read before a failure is kept, the watermark is not moved', async (t) => {
  const { store, deps } = await bench(t);
  const source: CollectSource = {
    ...deps.source,
    async listing(query, signal) {
      if (query.kind === 'comment') throw new AppError('reddit_timeout', 'silent');
      return deps.source.listing(query, signal);
    },
  };
  const outcome = await runCycle({ id: 'one', trigger: 'startup' }, { ...deps, source }, never);
  t.is(outcome.status, 'failed');
  t.true((await storedIds(store)).length > 0);
  t.deepEqual(await store.watermarks('aws'), { post: null, comment: null });
});

test('a private subreddit is a state, not a failure', async (t) => {
  const { store, deps } = await bench(t);
  const source: CollectSource = {
    ...deps.source,
    async listing(query, signal) {
      const closed = {
        state: 'private',
        posts: [],
        comments: [],
        invalid: [],
        after: null,
      } as const;
      if (query.subreddit === 'aws') return { ...closed, posts: [], comments: [], invalid: [] };
      return deps.source.listing(query, signal);
    },
  };
  const outcome = await runCycle({ id: 'one', trigger: 'startup' }, { ...deps, source }, never);
  t.is(outcome.status, 'succeeded');
  const details = await store.subreddits(new Date().toISOString());
  t.is(details.find(({ name }) => name === 'aws')?.state, 'private');
});

test('a silent Reddit: the cycle ends at its deadline, and is recorded', async (t) => {
  const { store, deps } = await bench(t, { COLLECTION_DEADLINE_MINUTES: '0.02' });
  const source: CollectSource = {
    ...deps.source,
    listing: untilAborted,
  };
  const outcome = await runCycle({ id: 'one', trigger: 'startup' }, { ...deps, source }, never);
  t.is(outcome.status, 'failed');
  const [cycle] = await store.cycles({ limit: 1 });
  t.deepEqual(
    cycle?.errors.map(({ code }) => code),
    ['deadline_exceeded', 'deadline_exceeded', 'deadline_exceeded'],
  );
  const [first, ...rest] = cycle?.errors.map(({ message }) => message) ?? [];
  t.regex(first ?? '', /^The cycle reached its deadline: ./, 'what it was busy with');
  for (const message of rest) t.is(message, 'The cycle reached its deadline');
});

test('a cancelled cycle is recorded, and frees the lease for the next one', async (t) => {
  const { store, deps } = await bench(t);
  const stop = new AbortController();
  const onSubreddit = () => stop.abort();
  const outcome = await runCycle(
    { id: 'one', trigger: 'startup' },
    { ...deps, onSubreddit },
    stop.signal,
  );
  t.is(outcome.status, 'partial');
  const [cycle] = await store.cycles({ limit: 1 });
  t.deepEqual(
    cycle?.errors.map(({ code }) => code),
    ['cancelled', 'cancelled'],
  );
  t.is((await runCycle({ id: 'two', trigger: 'schedule' }, deps, never)).status, 'succeeded');
});

test('a second collector waits, says for whom, and does nothing when that one has finished', async (t) => {
  const { deps, lines } = await bench(t);
  const [one, two] = await Promise.all([
    runCycle({ id: 'one', trigger: 'schedule' }, deps, never),
    runCycle({ id: 'two', trigger: 'schedule' }, { ...deps, holder: 'test:2:0:0' }, never),
  ]);
  t.deepEqual([one.status, two.status].sort(), ['skipped', 'succeeded']);
  t.is(lines.filter(({ msg }) => msg === 'waiting for the lease').length, 1);
});

test('a dead holder’s lease is taken at once and its cycle closed as failed', async (t) => {
  const { store, deps } = await bench(t);
  const stop = new AbortController();
  const stuck: CollectSource = { ...deps.source, listing: untilAborted };
  const died = runCycle(
    { id: 'dead', trigger: 'startup' },
    { ...deps, source: stuck, holder: 'gone:9:0:0' },
    stop.signal,
  );
  while ((await store.cycles({ limit: 1 })).length === 0) await systemClock.sleep(5);
  const holderIsDead = (holder: string) => holder.startsWith('gone:');
  const outcome = await runCycle(
    { id: 'next', trigger: 'startup' },
    { ...deps, holderIsDead },
    never,
  );
  t.is(outcome.status, 'succeeded');
  const cycles = await store.cycles({ limit: 5 });
  t.is(cycles.find(({ id }) => id === 'dead')?.status, 'failed');
  stop.abort();
  const error = await t.throwsAsync<AppError>(died);
  t.is(error?.code, 'lease_lost');
});

test('a collector that lost its lease writes nothing more', async (t) => {
  const { store, deps } = await bench(t);
  let taken = false;
  const source: CollectSource = {
    ...deps.source,
    async listing(query, signal) {
      if (!taken && query.subreddit === 'aws') {
        taken = true;
        const other = { ...deps, holder: 'other:2:0:0', holderIsDead: () => true };
        await runCycle({ id: 'other', trigger: 'schedule' }, other, never);
      }
      return deps.source.listing(query, signal);
    },
  };
  const error = await t.throwsAsync(
    runCycle({ id: 'old', trigger: 'schedule' }, { ...deps, source }, never),
  );
  t.is((error as AppError).code, 'lease_lost');
  const cycles = await store.cycles({ limit: 5 });
  t.deepEqual(cycles.map(({ id, status }) => [id, status]).sort(), [
    ['old', 'failed'],
    ['other', 'succeeded'],
  ]);
});

test('a store that fails in passing is tried again; nothing is stored twice', async (t) => {
  const { reddit, store, deps } = await bench(t);
  const schedule = { retries: 3, baseDelayMs: 5, clock: systemClock };
  let calls = 0;
  const flaky = new Proxy(store, {
    get(target, name: keyof Store) {
      const method = target[name].bind(target) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        calls += 1;
        if (calls % 3 === 0) throw new AppError('store_busy', 'locked');
        return method(...args);
      };
    },
  });
  const outcome = await runCycle(
    { id: 'one', trigger: 'startup' },
    { ...deps, store: retrying(flaky, schedule) },
    never,
  );
  t.is(outcome.status, 'succeeded');
  t.deepEqual(await storedIds(store), postsToStore(reddit));
});

test('log lines tell the start, each subreddit and the end, with memory', async (t) => {
  const { deps, lines } = await bench(t);
  await runCycle({ id: 'one', trigger: 'startup' }, deps, never);
  t.like(
    lines.find(({ msg }) => msg === 'cycle start'),
    { cycle: 'one', memory_mb: 50 },
  );
  t.is(lines.filter(({ msg }) => msg === 'subreddit').length, 3);
  t.like(
    lines.find(({ msg }) => msg === 'cycle end'),
    { status: 'succeeded', memory_start_mb: 50, memory_end_mb: 50 },
  );
});
