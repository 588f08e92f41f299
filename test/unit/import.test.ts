import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { importDumps } from '../../src/collect/import.js';
import type { ImportOptions, ImportSource } from '../../src/collect/import-source.js';
import { AppError } from '../../src/errors.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import type { Store } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { contentOf } from '../support/crash-table.js';
import { dumpComment, dumpPost, ndjson } from '../support/dump.js';
import { temporaryStore } from '../support/store.js';

const NOW_SECONDS = Date.parse('2026-01-15T12:00:00.000Z') / 1000;
const DAY_SECONDS = 86_400;
const scorer = createLexiconScorer();
const plain: ImportOptions = { keepHistory: false, retime: false };
const keeping: ImportOptions = { keepHistory: true, retime: false };

type Opened = ReturnType<typeof setUp> extends Promise<infer T> ? T : never;

async function setUp(t: Pick<ExecutionContext, 'teardown'>) {
  const clock = new ManualClock();
  const skipped: string[] = [];
  const opened = await temporaryStore(t, { clock });
  const deps = {
    ...{ store: opened.store, scorer, clock, retentionDays: 90, subreddits: ['claude', 'aws'] },
    onSkip: (source: string, line: number, reason: string) =>
      void skipped.push(`${source} ${line} ${reason}`),
  };
  const signal = new AbortController().signal;
  return {
    ...{ ...opened, clock, deps, skipped },
    load: (sources: ImportSource[], options = keeping, store: Store = opened.store) =>
      importDumps(sources, options, { ...deps, store }, signal),
  };
}

/** A source of its own key; `before` is told each piece of `size` bytes before it is given. */
function source(
  name: string,
  text: string | Buffer,
  { size = 100_000, before = (_: number): void => undefined, key = `key of ${name}` } = {},
): ImportSource {
  const bytes = Buffer.from(text);
  return {
    ...{ name, key },
    async *open() {
      for (let at = 0; at < bytes.length; at += size) {
        before(at);
        yield bytes.subarray(at, at + size);
      }
    },
  };
}

test('what is old is skipped without being a fault, unless history is kept', async (t) => {
  const { load, store, skipped } = await setUp(t);
  const at = (days: number) => ({ created_utc: NOW_SECONDS - days * DAY_SECONDS });
  const text = ndjson(
    dumpPost('young', at(89.9)),
    dumpPost('old', at(90.1)),
    dumpPost('soon', { created_utc: NOW_SECONDS + 299 }),
    dumpPost('late', { created_utc: String(NOW_SECONDS + 301) }),
  );
  const { files } = await load([source('a', text)], plain);
  t.like(files, [{ lines: 4, finished: true, error: null, counts: { posts_new: 2 } }]);
  t.deepEqual(skipped, ['a 2 past_retention', 'a 4 created_in_future']);
  t.deepEqual(files[0]?.counts.skipped, {
    past_retention: { count: 1, lines: [2] },
    created_in_future: { count: 1, lines: [4] },
  });
  const again = await load([source('b', text)]);
  t.like(again.files, [{ counts: { posts_new: 1, known: 2 } }]);
  t.truthy(await store.post('old'));
});

test('lines are told by number, blank ones pass, the first numbers of each reason are kept', async (t) => {
  const { load, skipped } = await setUp(t);
  const huge = `"${'x'.repeat(17 * 1024 * 1024)}"`;
  const lines = [
    '',
    dumpPost('a'),
    '{',
    '[]',
    huge,
    dumpPost('b', { score: 'x' }),
    '',
    dumpPost('c'),
  ];
  const { files } = await load([source('f', ndjson(...lines, ...Array<string>(9).fill('{')))]);
  t.like(files, [{ lines: 17, finished: true, counts: { posts_new: 2 } }]);
  t.deepEqual(skipped.slice(0, 4), [
    ...['f 3 not_json', 'f 4 not_an_object', 'f 5 line_too_long', 'f 6 invalid_score'],
  ]);
  t.deepEqual(files[0]?.counts.skipped.not_json, { count: 10, lines: [3, 9, 10, 11, 12] });
});

test('a subreddit is spelt as configured', async (t) => {
  const { load, store } = await setUp(t);
  await load([source('f', ndjson(dumpPost('a', { subreddit: 'CLAUDE' }), dumpPost('b')))]);
  t.is((await store.post('a'))?.subreddit, 'claude');
  t.is((await store.post('b'))?.subreddit, 'Advice');
});

test('an id that comes again in another subreddit counts once, and first', async (t) => {
  const { load, store } = await setUp(t);
  // The second one's batch is full, and stored, before the first one's.
  const others = Array.from({ length: 100 }, (_, n) => dumpPost(`o${n}`, { subreddit: 'aws' }));
  const twice = [dumpPost('x', { subreddit: 'claude' }), dumpPost('x', { subreddit: 'aws' })];
  const { files } = await load([source('f', ndjson(...twice, ...others))]);
  t.like(files, [{ counts: { posts_new: 101, known: 1 } }]);
  t.is((await store.post('x'))?.subreddit, 'claude');
});

test('retiming makes the newest of all files new, and keeps their distances', async (t) => {
  const { load, store, clock } = await setUp(t);
  const files = () => [
    source('old', ndjson(dumpPost('a', { created_utc: '1300000000.0' }), '{')),
    source('new', ndjson(dumpPost('b', { created_utc: 1_300_000_600 }))),
  ];
  const retiming = { keepHistory: false, retime: true };
  const report = await load(files(), retiming);
  t.is(report.shift_ms, (NOW_SECONDS - 1_300_000_600) * 1000);
  t.is((await store.post('b'))?.created_utc, '2026-01-15T12:00:00.000Z');
  t.is((await store.post('a'))?.created_utc, '2026-01-15T11:50:00.000Z');
  await clock.advance(60_000);
  const again = await load(files(), retiming);
  t.is(again.shift_ms, (report.shift_ms ?? 0) + 60_000, 'a finished one is a new one');
  t.like(again.files, [{ counts: { known: 1 } }, { counts: { known: 1 } }]);
});

test('a broken time in the far future decides about no shift, one ahead of our clock does', async (t) => {
  const { load, store, skipped } = await setUp(t);
  const ahead = NOW_SECONDS + 30 * DAY_SECONDS;
  const times = { a: ahead - 600, b: ahead, broken: 4_102_444_800 };
  const text = ndjson(
    ...Object.entries(times).map(([id, at]) => dumpPost(id, { created_utc: at })),
  );
  const report = await load([source('a', text)], { keepHistory: true, retime: true });
  t.is(report.shift_ms, -30 * DAY_SECONDS * 1000);
  t.is((await store.post('b'))?.created_utc, '2026-01-15T12:00:00.000Z');
  t.is((await store.post('a'))?.created_utc, '2026-01-15T11:50:00.000Z');
  t.deepEqual(skipped, ['a 3 created_in_future']);
});

test('an interrupted retiming goes on with the same shift, also of files not begun', async (t) => {
  const { load, store, clock, deps } = await setUp(t);
  const stop = new AbortController();
  const first = (interrupting: boolean) =>
    source('first', ndjson(dumpPost('a'), dumpPost('b')), {
      size: 300,
      before: (at) => {
        if (interrupting && ++opened > 3 && at > 0) stop.abort();
      },
    });
  let opened = 0;
  const second = source('second', ndjson(dumpPost('c')));
  const retiming = { keepHistory: false, retime: true };
  const interrupted = await importDumps([first(true), second], retiming, deps, stop.signal);
  t.true(interrupted.interrupted);
  t.is(interrupted.files.length, 1);
  await clock.advance(3_600_000);
  const resumed = await load([first(false), second], retiming);
  t.is(resumed.shift_ms, interrupted.shift_ms);
  for (const id of ['a', 'b', 'c']) {
    t.is((await store.post(id))?.created_utc, '2026-01-15T12:00:00.000Z', id);
  }
});

test('a retiming that died before its first record goes on with the same shift', async (t) => {
  const { load, store, clock } = await setUp(t);
  const file = source('f', ndjson(dumpPost('a'), dumpPost('b', { subreddit: 'aws' })));
  const retiming = { keepHistory: false, retime: true };
  let writes = 0;
  const dying: Store = {
    ...store,
    importItems: async (batch) => {
      if (++writes === 2) throw new AppError('store_unreachable', 'gone');
      return store.importItems(batch);
    },
  };
  await t.throwsAsync(load([file], retiming, dying), { code: 'store_unreachable' });
  await clock.advance(3_600_000);
  await load([file], retiming);
  t.truthy((await store.post('a'))?.created_utc);
  t.is((await store.post('b'))?.created_utc, (await store.post('a'))?.created_utc);
});

test('a source that breaks off is stored to there, the others all the same', async (t) => {
  const { load, store } = await setUp(t);
  const text = ndjson(dumpPost('a'), dumpPost('b'), dumpPost('c'));
  const broken = source('broken', text, {
    size: Math.ceil(text.length * 0.9),
    before: (at) => {
      if (at > 0) throw new Error('EIO: i/o error, read');
    },
  });
  for (const options of [keeping, { keepHistory: true, retime: true }]) {
    const { files, interrupted } = await load(
      [broken, source('whole', ndjson(dumpPost('d')))],
      options,
    );
    t.false(interrupted);
    t.like(files, [
      { lines: 2, finished: false, error: 'EIO: i/o error, read' },
      { lines: 1, finished: true, error: null },
    ]);
  }
  for (const [id, there] of [
    ['a', true],
    ['b', true],
    ['c', false],
    ['d', true],
  ] as const) {
    t.is((await store.post(id)) !== null, there, id);
  }
});

test('what is held is bounded by its size, too', async (t) => {
  const { load, store } = await setUp(t);
  const saved: number[] = [];
  const watched: Store = {
    ...store,
    saveImport: async (progress) => {
      saved.push(progress.lines);
      await store.saveImport(progress);
    },
  };
  const big = 'x '.repeat(128 * 1024);
  const posts = Array.from({ length: 320 }, (_, n) => dumpPost(`p${n}`, { selftext: big }));
  await load([source('f', ndjson(...posts))], keeping, watched);
  t.deepEqual(saved, [128, 256, 320]);
});

test('a source without key leaves no record and is read from its start', async (t) => {
  const { load, path } = await setUp(t);
  const text = ndjson(dumpPost('a'), dumpPost('b'));
  const unnamed = { ...source('-', text), key: null };
  t.like((await load([unnamed])).files, [{ lines: 2, resumed_after: 0, counts: { posts_new: 2 } }]);
  t.like((await load([unnamed])).files, [{ lines: 2, resumed_after: 0, counts: { known: 2 } }]);
  const db = new Database(path, { readonly: true });
  t.is(db.prepare('SELECT count(*) FROM imports').pluck().get(), 0);
  db.close();
});

const SUBREDDITS = ['claude', 'CLAUDE', 'Advice', 'advice', 'aws'];
const item = fc
  .record({
    comment: fc.boolean(),
    id: fc.integer({ min: 0, max: 40 }).map((n) => `x${n}`),
    subreddit: fc.constantFrom(...SUBREDDITS),
    created_utc: fc.integer({ min: 1_361_244_410, max: 1_361_280_000 }).map(String),
    score: fc.constantFrom('1', '2', 'none'),
  })
  .map(({ comment, id, ...more }) => (comment ? dumpComment(id, more) : dumpPost(id, more)));
/** After how many bytes a run is interrupted, and at which write it fails, if at any. */
const ends = fc.record({
  atByte: fc.integer({ min: 0, max: 25_000 }),
  atWrite: fc.option(fc.integer({ min: 1, max: 8 }), { nil: Number.POSITIVE_INFINITY }),
});

test('interrupted or broken off anywhere and repeated, the store is as after one run', async (t) => {
  const seed = Date.now() & 0x7fffffff;
  t.log(`seed ${seed}`);
  const lines = fc.array(item, { minLength: 1, maxLength: 120 });
  await fc.assert(
    fc.asyncProperty(lines, fc.array(ends, { maxLength: 4 }), async (all, runs) => {
      const releases: (() => unknown)[] = [];
      const life = { teardown: (release: () => unknown) => void releases.unshift(release) };
      try {
        const [whole, parts] = [await setUp(life), await setUp(life)];
        const text = ndjson(...all);
        const atOnce = await whole.load([source('f', text)]);
        let cleanly = true; // else a later run finds items of an earlier one and knows them
        for (const end of runs) cleanly = (await interruptedAt(parts, text, end)) && cleanly;
        const { files } = await parts.load([source('f', text)]);
        t.like(files, [{ finished: true, lines: all.length }]);
        if (cleanly) t.deepEqual(files[0]?.counts, atOnce.files[0]?.counts);
        t.deepEqual(contentOf(parts.path), contentOf(whole.path));
        t.deepEqual(await names(parts), await names(whole));
        t.deepEqual((await parts.store.verify({ repair: false })).differences, []);
      } finally {
        for (const release of releases) await release();
      }
    }),
    { seed, numRuns: 40 },
  );
});

const names = async ({ store, clock }: Opened) =>
  (await store.subreddits(new Date(clock.now()).toISOString())).map(({ name }) => name);

/** Whether the run was interrupted, and neither failed nor came to the end. */
async function interruptedAt(
  { deps, store }: Opened,
  text: string,
  end: { atByte: number; atWrite: number },
): Promise<boolean> {
  const stop = new AbortController();
  const interrupting = source('f', text, {
    size: 211,
    before: (at) => {
      if (at >= end.atByte) stop.abort();
    },
  });
  let writes = 0;
  const failing: Store = {
    ...store,
    importItems: async (batch) => {
      writes += 1;
      if (writes === end.atWrite) throw new AppError('store_unreachable', 'gone');
      return store.importItems(batch);
    },
  };
  try {
    const run = { ...deps, store: failing };
    return (await importDumps([interrupting], keeping, run, stop.signal)).interrupted;
  } catch (error) {
    if ((error as AppError).code !== 'store_unreachable') throw error;
    return false;
  }
}
