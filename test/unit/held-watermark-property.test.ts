import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { runCycle } from '../../src/collect/cycle.js';
import { BAD_OBJECT_PATIENCE_MS } from '../../src/collect/marks.js';
import type { Gap } from '../../src/domain/cycle.js';
import type { Kind } from '../../src/domain/item.js';
import { AppError } from '../../src/errors.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import { ManualClock } from '../support/clock.js';
import { redditComment, redditPost } from '../support/fake-reddit.js';
import { listedSource } from '../support/listed-source.js';
import { silentLog } from '../support/log.js';
import { temporaryStore } from '../support/store.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Where the model's listings are cut off; more than what the collector takes for a short one. */
const LISTING_ENDS = 540;
/** How far from its place by time an item may stand. */
const DISORDER_MS = 3 * MINUTE;
const LAST_OBJECTS = 5;
const KINDS: Kind[] = ['post', 'comment'];
const never = new AbortController().signal;

type Fault = 'score' | 'kind' | 'time' | 'nothing' | 'future';
const FAULTS: Fault[] = ['score', 'kind', 'time', 'nothing', 'future'];

interface Item {
  id: string;
  kind: Kind;
  createdMs: number;
  /** Listings are sorted by this. */
  sortMs: number;
  /** Served broken from one cycle up to, not including, another. */
  fault: Fault | null;
  brokenFrom: number;
  brokenTo: number;
  /** Model: it was met broken when it was past the patience. */
  passed: boolean;
  /** Model: it was served sound in a cycle that succeeded, and nothing excused missing it. */
  expected: boolean;
}

const isBroken = (item: Item, cycle: number) =>
  item.fault !== null && cycle >= item.brokenFrom && cycle < item.brokenTo;
const tellsTime = (item: Item, cycle: number) =>
  !isBroken(item, cycle) || item.fault === 'score' || item.fault === 'kind';

/** What happens between two cycles. `at` and `pick` are shares: of the step, of the choices. */
const anItem = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom(...KINDS),
  disorder: fc.integer({ min: -DISORDER_MS, max: DISORDER_MS }),
  fault: fc.option(fc.constantFrom(...FAULTS), { freq: 3 }),
  delay: fc.integer({ min: 0, max: 1 }),
  lasting: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(Number.POSITIVE_INFINITY)),
});
const step = fc.record({
  minutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 90, max: 900 })),
  items: fc.array(anItem, { maxLength: 40 }),
  /** Sound items in a row, of one kind: enough to push others out of the listing. */
  burst: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.integer({ min: 450, max: 700 }) },
  ),
  failsAtPage: fc.oneof(
    { weight: 5, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The model: everything that was ever written, and what of it must have been collected. */
class World {
  readonly items: Item[] = [];
  cycle = 0;
  nowMs: number;

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  pass({ minutes, items, burst }: Step): void {
    const from = this.nowMs;
    this.nowMs += minutes * MINUTE;
    for (const { at, kind, disorder, fault, delay, lasting } of items) {
      const createdMs = Math.floor((from + at * minutes * MINUTE) / 1000) * 1000;
      const brokenFrom = this.cycle + delay;
      this.#add({ kind, createdMs, sortMs: createdMs + disorder, fault, brokenFrom, lasting });
    }
    for (let n = 0; n < burst; n += 1) {
      const createdMs = Math.floor((from + (n / burst) * minutes * MINUTE) / 1000) * 1000;
      const sound = { fault: null, brokenFrom: 0, lasting: 0 };
      this.#add({ kind: 'post', createdMs, sortMs: createdMs, ...sound });
    }
  }

  #add({ lasting, ...item }: Omit<Item, 'id' | 'brokenTo' | 'passed' | 'expected'> & Lasting) {
    const id = `x${this.items.length}`;
    const brokenTo = item.brokenFrom + lasting;
    this.items.push({ ...item, id, brokenTo, passed: false, expected: false });
  }

  served(kind: Kind): Item[] {
    return this.items
      .filter((item) => item.kind === kind)
      .sort((a, b) => b.sortMs - a.sortMs)
      .slice(0, LISTING_ENDS);
  }

  thing(item: Item): unknown {
    const make = item.kind === 'post' ? redditPost : redditComment;
    const created_utc = item.createdMs / 1000;
    const thing = make(item.id, { created_utc }) as { kind: string; data: object };
    if (!isBroken(item, this.cycle)) return thing;
    if (item.fault === 'nothing') return null;
    if (item.fault === 'kind') return { ...thing, kind: 't9' };
    const broken = {
      score: { score: '12' },
      time: { created_utc: null },
      future: { created_utc: (this.nowMs + 3 * HOUR) / 1000 },
    };
    return { ...thing, data: { ...thing.data, ...broken[item.fault ?? 'score'] } };
  }

  /** After a cycle that read everything to its end. */
  learn(): void {
    for (const item of KINDS.flatMap((kind) => this.served(kind))) {
      const ageMs = this.nowMs - item.createdMs;
      if (!isBroken(item, this.cycle)) item.expected ||= !item.passed;
      else item.passed ||= ageMs >= BAD_OBJECT_PATIENCE_MS - DISORDER_MS;
    }
  }

  /** Whether the listing ends above what was read last; null where it cannot be told. */
  gap(kind: Kind, newestMs: number | null): boolean | null {
    const served = this.served(kind);
    if (newestMs === null || served.length <= 500) return false;
    const timed = served.filter((item) => tellsTime(item, this.cycle));
    if (served.every(({ createdMs }) => createdMs > newestMs)) return true;
    const last = timed.slice(-LAST_OBJECTS);
    return last.every(({ createdMs }) => createdMs <= newestMs) ? false : null;
  }

  newestSound(kind: Kind): number {
    const sound = this.served(kind).filter((item) => !isBroken(item, this.cycle));
    return Math.max(...sound.map(({ createdMs }) => createdMs));
  }
}
interface Lasting {
  lasting: number;
}

async function live(t: ExecutionContext, steps: Step[], tally: Record<string, number>) {
  const clock = new ManualClock();
  const world = new World(clock.now());
  const { store, config, path } = await temporaryStore(t, { clock, env: { SUBREDDITS: 'aws' } });
  let failsAtPage: number | null = null;
  let page = 0;
  const source = listedSource(({ kind }) => {
    page += 1;
    if (page === failsAtPage) throw new AppError('reddit_unavailable', 'answered 503');
    return world.served(kind).map((item) => ({
      name: `${item.kind === 'post' ? 't3' : 't1'}_${item.id}`,
      text: JSON.stringify(world.thing(item)),
    }));
  });
  const deps = {
    ...{ store, config, clock, source, log: silentLog, scorer: createLexiconScorer() },
    ...{ holder: 'test:1:0:0', holderIsDead: () => false, memory: () => 0 },
  };
  let counted = 0;
  const newestMs: Record<Kind, number | null> = { post: null, comment: null };
  for (const next of [...steps, ...QUIET]) {
    world.pass(next);
    clock.jumpTo(world.nowMs);
    ({ failsAtPage } = next);
    page = 0;
    const before = await store.watermarks('aws');
    const run = { id: `c${world.cycle}`, trigger: 'manual' } as const;
    const outcome = await runCycle(run, deps, never);
    if (outcome.status === 'skipped') throw new Error('nobody else collects');
    const [result] = outcome.cycle.subreddits;
    counted += (result?.posts_new ?? 0) + (result?.comments_new ?? 0);
    const after = await store.watermarks('aws');
    if (outcome.status === 'failed') {
      t.deepEqual(after, before, 'a failed cycle moves nothing');
    } else {
      const gaps = gapsOf(path, outcome.cycle.finished_at ?? '');
      for (const kind of KINDS) {
        checkMark(t, world, kind, before[kind]?.created_utc, after[kind]?.created_utc);
        checkGap(t, world.gap(kind, newestMs[kind]), gaps.find((gap) => gap.kind === kind) ?? null);
        newestMs[kind] = laterMs(newestMs[kind], world.newestSound(kind));
        tally.held = (tally.held ?? 0) + Number(after.newest?.[kind] !== undefined);
      }
      tally.gaps = (tally.gaps ?? 0) + gaps.length;
      world.learn();
    }
    world.cycle += 1;
  }
  const stored = storedIds(path);
  t.is(stored.length, counted, 'each is counted once');
  const missing = world.items.filter(({ id, expected }) => expected && !stored.includes(id));
  t.deepEqual(missing, []);
  t.deepEqual((await store.verify({ repair: false })).differences, []);
  tally.items = (tally.items ?? 0) + stored.length;
  await store.close();
}

/** Time for what was held back to be read again. */
const QUIET: Step[] = [30, 30].map((minutes) => ({
  ...{ minutes, items: [], burst: 0, failsAtPage: null },
}));

function checkMark(
  t: ExecutionContext,
  world: World,
  kind: Kind,
  before: string | undefined,
  after: string | undefined,
): void {
  const beforeMs = before === undefined ? Number.NEGATIVE_INFINITY : Date.parse(before);
  const afterMs = after === undefined ? Number.NEGATIVE_INFINITY : Date.parse(after);
  t.true(afterMs >= beforeMs, 'the watermark never moves back');
  if (afterMs === beforeMs) return;
  for (const item of world.served(kind)) {
    if (!isBroken(item, world.cycle) || item.createdMs <= beforeMs) continue;
    if (world.nowMs - item.createdMs >= BAD_OBJECT_PATIENCE_MS - 2 * DISORDER_MS) continue;
    const slackMs = tellsTime(item, world.cycle) ? 0 : 2 * DISORDER_MS;
    t.true(afterMs <= item.createdMs + slackMs, `it passed ${JSON.stringify(item)}`);
  }
}

function checkGap(t: ExecutionContext, expected: boolean | null, gap: Gap | null): void {
  if (expected !== null) t.is(gap !== null, expected, `a gap: ${JSON.stringify(gap)}`);
}

function laterMs(a: number | null, b: number): number | null {
  return Number.isFinite(b) ? Math.max(a ?? b, b) : a;
}

function gapsOf(path: string, foundAt: string): Gap[] {
  const sql = 'SELECT kind, from_utc AS "from", to_utc AS "to" FROM gaps WHERE found_at = ?';
  return query(path, sql, foundAt) as Gap[];
}

function storedIds(path: string): string[] {
  const rows = query(path, 'SELECT id FROM posts UNION ALL SELECT id FROM comments');
  return (rows as { id: string }[]).map(({ id }) => id);
}

function query(path: string, sql: string, ...values: string[]): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}

test('whatever is broken for a while is collected, once, and no watermark passes it before', async (t) => {
  const tally: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 9 }), async (steps) => {
      await live(t, steps, tally);
    }),
    { numRuns: 12 },
  );
  t.log(`${tally.items} items, ${tally.held} held watermarks, ${tally.gaps} gaps`);
  t.true((tally.held ?? 0) > 25 && (tally.gaps ?? 0) > 0);
});
