import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { runCycle } from '../../src/collect/cycle.js';
import type { SubredditResult } from '../../src/domain/cycle.js';
import { LABELS } from '../../src/domain/item.js';
import { RedditComment, RedditPost } from '../../src/reddit/schemas.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { ManualClock } from './clock.js';
import { type Hostile, hostile, hostileText } from './hostile.js';
import { type Child, listedSource } from './listed-source.js';
import { silentLog } from './log.js';
import { type RecordedThing, recordedLines } from './recorded.js';
import { temporaryStore } from './store.js';

/** Of each kind, in one cycle; five pages. */
const LISTED = 500;
const never = new AbortController().signal;
const scorer = createLexiconScorer();

/** Every reason for which an object may be skipped. */
const REASONS = new Set([
  ...['duplicate', 'other_subreddit', 'created_in_future', 'past_retention', 'unexpected_kind'],
  ...['object', ...Object.keys(RedditPost.properties)].map((field) => `invalid_${field}`),
  ...Object.keys(RedditComment.properties).map((field) => `invalid_${field}`),
]);

/**
 * Serves that many mutated recorded things to the real collector on a real store, and
 * holds that each is stored well-formed or skipped with a reason. Prints the seed.
 */
export async function collectHostile(t: ExecutionContext, objects: number): Promise<void> {
  const things = {
    post: recordedLines<RecordedThing>('t3_posts.ndjson.gz'),
    comment: recordedLines<RecordedThing>('t1_comments.ndjson.gz'),
  };
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.log(`seed ${seed} (TEST_SEED repeats it)`);
  const tally = { served: 0, stored: 0, skipped: {} as Record<string, number> };
  const listing = fc.array(hostile, { minLength: LISTED, maxLength: LISTED });
  const run = await fc.check(
    fc.asyncProperty(listing, listing, async (posts, comments) => {
      const served = await cycleOf(t, things, { post: posts, comment: comments });
      tally.served += served.result.posts_seen + served.result.comments_seen;
      tally.stored += served.stored;
      for (const [reason, count] of Object.entries(served.result.skipped)) {
        tally.skipped[reason] = (tally.skipped[reason] ?? 0) + count;
      }
    }),
    { seed, numRuns: objects / (2 * LISTED), endOnFailure: true },
  );
  // The counterexample itself would fill the terminal with megabytes of hostile text.
  if (run.failed) throw new Error(`after ${run.numRuns} cycles: ${why(run.errorInstance)}`);
  const reasons = Object.entries(tally.skipped).sort(([, a], [, b]) => b - a);
  t.log(`${tally.served} served, ${tally.stored} stored`);
  t.log(reasons.map(([reason, count]) => `${reason} ${count}`).join(', '));
  t.is(tally.served, objects);
  t.true(tally.stored > objects / 5, 'most of what is hostile is still worth storing');
}

function why(error: unknown): string {
  return (error instanceof Error ? (error.stack ?? error.message) : String(error)).slice(0, 2000);
}

type Kinds<T> = { post: T; comment: T };

async function cycleOf(
  t: ExecutionContext,
  things: Kinds<RecordedThing[]>,
  listed: Kinds<Hostile[]>,
): Promise<{ result: SubredditResult; stored: number }> {
  const clock = new ManualClock();
  const releases: (() => unknown)[] = [];
  const teardown = (release: () => unknown) => void releases.push(release);
  try {
    const { store, config, path } = await temporaryStore(
      { teardown },
      {
        clock,
        env: { SUBREDDITS: 'aws' },
      },
    );
    const children = {
      post: childrenOf(things.post, things.comment, listed.post, clock.now()),
      comment: childrenOf(things.comment, things.post, listed.comment, clock.now()),
    };
    const source = listedSource(({ kind }) => children[kind]);
    const deps = { store, config, clock, source, scorer, log: silentLog };
    const run = { id: 'hostile', trigger: 'manual' } as const;
    const more = { holder: 'test:1:0:0', holderIsDead: () => false, memory: () => 0 };
    await runCycle(run, { ...deps, ...more }, never);
    const [record] = await store.cycles({ limit: 1 });
    const result = record?.subreddits[0];
    if (result === undefined) throw new Error('the cycle has no record');
    if (result.error !== null) throw new Error(`the cycle failed: ${result.error.message}`);
    const stored = wellFormedRows(path);
    const skipped = Object.values(result.skipped).reduce((sum, count) => sum + count, 0);
    const seen = result.posts_seen + result.comments_seen;
    for (const reason of Object.keys(result.skipped)) t.true(REASONS.has(reason), reason);
    t.is(seen, 2 * LISTED);
    t.is(stored + skipped, seen, 'each is stored or skipped');
    t.is(result.posts_new + result.comments_new, stored);
    t.deepEqual((await store.verify({ repair: false })).differences, []);
    t.notThrows(() => JSON.stringify(record));
    const since = '2000-01-01T00:00:00.000Z';
    t.is((await store.recentPosts({ since, limit: 1000 })).length, result.posts_new);
    return { result, stored };
  } finally {
    for (const release of releases.reverse()) await release();
  }
}

function childrenOf(
  things: RecordedThing[],
  strangers: RecordedThing[],
  listed: readonly Hostile[],
  nowMs: number,
): Child[] {
  return listed.map(({ recorded, stranger, changes }, index) => {
    const from = stranger ? strangers : things;
    const thing = from[recorded % from.length] ?? { kind: '', data: {} };
    const [id, idBefore] = [`o${index}`, `o${index - 1}`];
    const created_utc = Math.floor(nowMs / 1000) - index * 60;
    const text = hostileText(thing, changes, { id, idBefore, subreddit: 'aws', created_utc });
    return { name: `${thing.kind}_${id}`, text };
  });
}

const TIMES = ['created_utc', 'collected_at', 'updated_at', 'edited_at', 'thread_read_at'];
const NUMBERS = ['upvotes', 'comment_count', 'score', 'confidence', 'unreachable'];
const NULLABLE = ['excluded', 'edited_at', 'thread_read_at'];

/** The number of rows; throws at the first one that is not as readers may expect. */
function wellFormedRows(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    const rows = ['posts', 'comments'].flatMap(
      (table) => database.prepare(`SELECT * FROM ${table}`).all() as Record<string, unknown>[],
    );
    for (const row of rows) {
      const wrong = Object.entries(row).find(([name, value]) => !isSound(name, value));
      if (wrong) throw new Error(`${wrong[0]} of ${String(row.id)}: ${JSON.stringify(wrong[1])}`);
    }
    return rows.length;
  } finally {
    database.close();
  }
}

function isSound(name: string, value: unknown): boolean {
  if (NUMBERS.includes(name)) {
    if (typeof value !== 'number' || !Number.isFinite(value)) return false;
    if (name === 'score') return value >= -1 && value <= 1;
    if (name === 'confidence') return value >= 0 && value <= 1;
    return Number.isInteger(value);
  }
  if (name === 'keep_history') return value === 0;
  if (NULLABLE.includes(name) && value === null) return true;
  if (typeof value !== 'string' || !value.isWellFormed() || value.includes('\0')) return false;
  if (TIMES.includes(name)) return new Date(value).toISOString() === value;
  if (name === 'id' || name === 'post_id') return /^[A-Za-z0-9]{1,16}$/.test(value);
  return name !== 'label' || (LABELS as readonly string[]).includes(value);
}
