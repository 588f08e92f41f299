import test from 'ava';
import fc from 'fast-check';
import { EXCLUSIONS, LABELS, type NewComment, type NewPost } from '../../src/domain/item.js';
import { buildTestApp } from '../support/app.js';
import { ManualClock } from '../support/clock.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost, aSentiment } from '../support/items.js';
import { TEST_STORE } from '../support/store.js';

/**
 * Statistics and trends over HTTP against a recount that shares nothing with the code: it walks
 * over the items and lets the calendar of `Date` find the buckets.
 */

/** Nothing may depend on where the machine believes to be; here the clocks change. */
process.env.TZ = 'America/New_York';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const RETENTION_DAYS = 90;
const STORES = TEST_STORE === 'cosmos' ? 8 : 20;
const QUESTIONS = 25;
const SLICES = 16;
const SUBREDDITS = ['claude', 'aws'] as const;

/** Edges of hour, day, month, year, leap day, and where clocks change in Europe and America. */
const EDGES = [
  ...['2026-03-29T01:00:00.000Z', '2026-10-25T01:00:00.000Z', '2026-03-08T07:00:00.000Z'],
  ...['2026-11-01T06:00:00.000Z', '2026-03-01T00:00:00.000Z', '2028-02-29T00:00:00.000Z'],
  ...['2027-01-01T00:00:00.000Z', '2026-06-15T13:00:00.000Z', '2026-01-05T00:00:00.000Z'],
].map((time) => Date.parse(time));

const jitter = fc.oneof(
  fc.constantFrom(-1, 0, 1),
  fc.integer({ min: -90, max: 90 }).map((seconds) => seconds * 1000),
  fc.integer({ min: -3 * HOUR_MS, max: 3 * HOUR_MS }),
);
const hours = fc.oneof(
  fc.constantFrom(1, 2, 23, 24, 25, 168, 720, 1080, 1081, 2160),
  fc.integer({ min: 1, max: 2160 }),
);
/** Items lie where the windows that are asked for have their edges: both draw from one pool. */
const POOL = 4;
const fromPool = fc.nat(POOL - 1);
const question = fc.record({
  pick: fromPool,
  subreddit: fc.constantFrom(...SUBREDDITS, 'CLAUDE', 'all', undefined),
  granularity: fc.constantFrom('hour', 'day', 'week'),
});
/** Where an item lies: windows (none, one or two of them) before the end. */
const place = fc.record({ pick: fromPool, windows: fc.integer({ min: 0, max: 2 }), jitter });
const item = fc.record({
  kind: fc.constantFrom('post', 'comment'),
  subreddit: fc.constantFrom(...SUBREDDITS),
  place,
  label: fc.constantFrom(...LABELS),
  units: fc.integer({ min: -10_000, max: 10_000 }),
  excluded: fc.option(fc.constantFrom(...EXCLUSIONS), { freq: 5 }),
});
const store = fc.record({
  now: fc.tuple(fc.constantFrom(...EDGES), jitter).map(([edge, ms]) => edge + ms),
  pool: fc.array(hours, { minLength: POOL, maxLength: POOL }),
  /** Whether the rollups are in memory from the start, or still loading while questions come. */
  loaded: fc.boolean(),
  items: fc.array(item, { minLength: 5, maxLength: 60 }),
  /** Seen again later, changed. */
  edits: fc.array(fc.tuple(fc.nat(59), item), { maxLength: 8 }),
  questions: fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS }),
});

type Given<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

interface Known {
  id: string;
  kind: 'post' | 'comment';
  subreddit: string;
  createdMs: number;
  label: string;
  units: number;
  counts: boolean;
  /** Of a post: by Reddit's count, which may be more or less than there are. */
  thread: number;
  /** Of a comment. */
  postId: string;
}

function knownOf(id: string, given: Given<typeof item>, nowMs: number, pool: number[]): Known {
  const { pick, windows, jitter: ms } = given.place;
  const ago = (pool[pick] ?? 0) * windows;
  const end = nowMs - (nowMs % MINUTE_MS);
  const number = Number(id.slice(1));
  return {
    ...{ id, thread: number % 4, postId: `p${Math.floor(number / 2)}` },
    kind: given.kind,
    subreddit: given.subreddit,
    createdMs: Math.min(nowMs, end - ago * HOUR_MS + ms),
    label: given.label,
    units: given.units,
    counts: given.excluded === null,
  };
}

/**
 * Cosmos DB relies on what Reddit guarantees and SQLite does without: a comment is in the subreddit of
 * its post, and nothing moves to another.
 */
function subredditOf(items: Given<typeof item>[], n: number, edited?: Given<typeof item>) {
  const own = items[n]?.subreddit ?? 'claude';
  if (TEST_STORE !== 'cosmos') return edited?.subreddit ?? own;
  const post = items[Math.floor(n / 2)];
  return items[n]?.kind === 'comment' && post?.kind === 'post' ? post.subreddit : own;
}

function asItems(entries: [string, Known, Given<typeof item>][]) {
  const posts: NewPost[] = [];
  const comments: NewComment[] = [];
  for (const [id, known, { label, excluded }] of entries) {
    const fields = {
      ...{ id, subreddit: known.subreddit, excluded },
      created_utc: new Date(known.createdMs).toISOString(),
      sentiment: aSentiment({ label, score: known.units / 10_000 }),
    };
    if (known.kind === 'post') posts.push(aPost({ ...fields, comment_count: known.thread }));
    else comments.push(aComment({ ...fields, post_id: known.postId }));
  }
  return { posts, comments };
}

function recount(known: Known[], fromMs: number, toMs: number, subreddit: string) {
  const inside = known.filter(
    (each) =>
      each.counts &&
      each.createdMs >= fromMs &&
      each.createdMs < toMs &&
      (subreddit === 'all' || each.subreddit === subreddit),
  );
  const labelled = (label: string) => inside.filter((each) => each.label === label).length;
  const sum = inside.reduce((total, { units }) => total + units, 0);
  const newest = Math.max(...inside.map(({ createdMs }) => createdMs));
  return {
    total: inside.length,
    ...{ positive: labelled('positive'), negative: labelled('negative') },
    neutral: labelled('neutral'),
    avg_sentiment: inside.length === 0 ? 0 : Math.round(sum / inside.length) / 10_000,
    posts: inside.filter(({ kind }) => kind === 'post').length,
    comments: inside.filter(({ kind }) => kind === 'comment').length,
    last_item_at: inside.length === 0 ? null : new Date(newest).toISOString(),
  };
}

/** Start of the hour, day or week (Monday) in UTC, by the calendar. */
function startOf(ms: number, granularity: string): Date {
  const date = new Date(ms);
  date.setUTCMinutes(0, 0, 0);
  if (granularity !== 'hour') date.setUTCHours(0);
  if (granularity === 'week') date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  return date;
}

/** Threads of the posts of whole hours. */
function covered(
  known: Known[],
  where: { fromMs: number; toMs: number; subreddit: string; within: (ms: number) => boolean },
): number | null {
  let [all, stored] = [0, 0];
  for (const { id, kind, counts, createdMs, subreddit, thread } of known) {
    const hour = startOf(createdMs, 'hour').getTime();
    const whole = hour >= where.fromMs && hour + HOUR_MS <= where.toMs;
    const asked = where.subreddit === 'all' || subreddit === where.subreddit;
    if (kind !== 'post' || !counts || !whole || !asked || !where.within(createdMs)) continue;
    const answers = known.filter((each) => each.kind === 'comment' && each.postId === id);
    all += thread;
    stored += Math.min(thread, answers.length);
  }
  return all === 0 ? null : Math.round((stored / all) * 10_000) / 10_000;
}

function buckets(known: Known[], fromMs: number, toMs: number, subreddit: string, size: string) {
  const found: unknown[] = [];
  const start = startOf(fromMs, size);
  while (start.getTime() < toMs) {
    const next = new Date(start);
    if (size === 'hour') next.setUTCHours(next.getUTCHours() + 1);
    else next.setUTCDate(next.getUTCDate() + (size === 'day' ? 1 : 7));
    const { total, positive, negative, neutral, avg_sentiment } = recount(
      known,
      Math.max(fromMs, start.getTime()),
      Math.min(toMs, next.getTime()),
      subreddit,
    );
    const figures = { total, positive, negative, neutral, avg_sentiment };
    const within = (ms: number) => ms >= start.getTime() && ms < next.getTime();
    const coverage = covered(known, { fromMs, toMs, subreddit, within });
    found.push({ start: start.toISOString(), ...figures, coverage });
    start.setTime(next.getTime());
  }
  return found;
}

test(`statistics and trends equal a recount, ${STORES * QUESTIONS} random questions`, async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.log(`seed ${seed}`);
  let asked = 0;
  const property = fc.asyncProperty(
    store,
    async ({ now, pool, loaded, items, edits, questions }) => {
      const releases: (() => unknown)[] = [];
      const scope = { teardown: (release: () => unknown) => void releases.unshift(release) };
      try {
        const clock = new ManualClock(now);
        const { app, store: db } = await buildTestApp(scope, { clock });
        const entries = items.map((generated, n) => {
          const given = { ...generated, subreddit: subredditOf(items, n) };
          const id = `${given.kind === 'post' ? 'p' : 'c'}${n}`;
          return [id, knownOf(id, given, now, pool), given] as [string, Known, typeof given];
        });
        await fillStore(db, clock, { cycleId: 'first', ...asItems(entries) });
        // Each request looks once, and each look loads a slice.
        for (let n = 0; loaded && n < SLICES; n += 1) await app.inject('/api/v1/collections');
        const ask = async ({ pick, subreddit, granularity }: Given<typeof question>) => {
          const n = pool[pick] ?? 0;
          asked += 1;
          const toMs = now - (now % MINUTE_MS);
          const fromMs = toMs - n * HOUR_MS;
          const all = entries.map(([, known]) => known);
          const name = subreddit?.toLowerCase() ?? 'all';
          const where = subreddit === undefined ? '' : `&subreddit=${subreddit}`;
          const about = {
            subreddit: name,
            time_window_hours: n,
            timestamp: new Date(toMs).toISOString(),
          };
          const kept = toMs - 2 * n * HOUR_MS >= toMs - RETENTION_DAYS * 24 * HOUR_MS;
          const previous = kept ? recount(all, 2 * fromMs - toMs, fromMs, name) : null;
          const stats = await app.inject(`/api/v1/sentiment/stats?hours=${n}${where}`);
          const statistics = { ...recount(all, fromMs, toMs, name), previous };
          equal(stats.json(), { ...about, statistics });
          const url = `/api/v1/sentiment/trends?hours=${n}&granularity=${granularity}${where}`;
          const trend_data = buckets(all, fromMs, toMs, name, granularity);
          equal((await app.inject(url)).json(), { ...about, granularity, trend_data });
        };
        for (const each of questions.slice(0, 15)) await ask(each);
        for (const [index, generated] of edits) {
          const entry = entries[index];
          if (entry === undefined) continue;
          const edit = { ...generated, subreddit: subredditOf(items, index, generated) };
          entry[1] = { ...knownOf(entry[0], edit, now, pool), kind: entry[1].kind };
          entry[2] = edit;
          await fillStore(db, clock, { cycleId: 'later', direct: true, ...asItems([entry]) });
        }
        for (const each of questions.slice(15)) await ask(each);
      } finally {
        for (const release of releases) await release();
      }
    },
  );
  await fc.assert(property, { seed, numRuns: STORES });
  t.true(asked >= STORES * QUESTIONS);
});

function equal(got: unknown, wanted: unknown): void {
  const [a, b] = [got, wanted].map((value) => JSON.stringify(sorted(value)));
  if (a !== b) throw new Error(`got    ${a}\nwanted ${b}`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
