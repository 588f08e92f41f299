import test, { type ExecutionContext } from 'ava';
import type { Operation, Versioned } from '../../src/store/cosmos/account.js';
import type {
  DayDocument,
  HeadDocument,
  HourDocument,
  PostDocument,
  TitlesDocument,
} from '../../src/store/cosmos/documents/documents.js';
import { MAX_BATCH } from '../../src/store/store.js';
import { cosmosVerify } from '../../src/store/cosmos/verify/verify.js';
import { type CosmosScene, cosmosScene } from '../support/cosmos-scene.js';
import { aComment, aPost } from '../support/items.js';

const at = (time: string, day = '15') => `2026-01-${day}T${time}:00.000Z`;

async function filled(t: ExecutionContext): Promise<CosmosScene> {
  const scene = await cosmosScene(t);
  await scene.commit({
    posts: [
      aPost({ id: 'a', created_utc: at('08:10'), comment_count: 3 }),
      aPost({ id: 'b', created_utc: at('09:10'), title: 'Another' }),
      aPost({ id: 'old', created_utc: at('23:59', '02'), excluded: 'stickied' }),
    ],
    comments: [
      aComment({ id: 'c', post_id: 'a', created_utc: at('09:20') }),
      aComment({ id: 'd', post_id: 'a', created_utc: at('13:20') }),
    ],
  });
  await scene.keepHistory({ posts: [aPost({ id: 'kept', created_utc: at('08:20') })] });
  await scene.commit({ posts: [aPost({ id: 'x', subreddit: 'aws' })] }, 'aws');
  return scene;
}

const told = (report: Awaited<ReturnType<CosmosScene['verify']>>) =>
  report.differences.map(({ subreddit, hour, stored, recomputed, wrong_terms, also = [] }) =>
    [
      ...[subreddit, hour?.slice(8, 13) ?? 'all'],
      ...(JSON.stringify(stored) === JSON.stringify(recomputed) ? [] : ['rollup']),
      ...(wrong_terms ? ['titles'] : []),
      ...also.map((what) => what.replace(/^\D*(\d+) .*(\d+) .*$/, '$1 $2')),
    ].join(' | '),
  );

const LINES = (n: number) => `${n} lines of its items are wrong`;
const MARKS = 'the marks by which its hour is found are wrong';
const EXEMPT = 'what is exempt from retention would go';

type Change = (scene: CosmosScene) => Promise<Operation | Operation[]>;

/** Writes a document as it is not to be. */
const changed =
  <T extends { id: string }>(id: string, change: (document: T) => object): Change =>
  async (scene) => {
    const { _etag, _ts, ...before } = (await scene.document(id)) as unknown as Versioned<T>;
    return { kind: 'upsert', document: { ...before, ...change(before as unknown as T) } };
  };
const deleted =
  (id: string): Change =>
  async () => ({ kind: 'delete', id });

const BROKEN: [what: string, change: Change, found: string[]][] = [
  ['a missing hour', deleted('hour:2026-01-15T08'), [`claude | 15T08 | ${LINES(2)} | ${MARKS}`]],
  [
    'a missing day',
    deleted('day:2026-01-15'),
    ['08', '09', '13'].map((hour) => `claude | 15T${hour} | rollup`),
  ],
  [
    'missing titles',
    deleted('titles:2026-01-15T06'),
    ['claude | 15T08 | titles', 'claude | 15T09 | titles'],
  ],
  [
    'a line too few',
    changed<HourDocument>('hour:2026-01-15T09', ({ lines }) => ({ lines: lines.slice(1) })),
    [`claude | 15T09 | ${LINES(1)}`],
  ],
  [
    'a line twice',
    changed<HourDocument>('hour:2026-01-15T13', ({ lines }) => ({ lines: [...lines, ...lines] })),
    [`claude | 15T13 | ${LINES(1)}`],
  ],
  [
    'a wrong hash',
    changed<HourDocument>('hour:2026-01-15T13', ({ lines }) => ({
      lines: lines.map((line) => line.with(8, 'x')),
    })),
    [`claude | 15T13 | ${LINES(1)}`],
  ],
  [
    'a wrong count of a thread, and the mark that goes with it',
    changed<HourDocument>('hour:2026-01-15T08', ({ lines }) => ({
      lines: lines.map((line) => (line[1] === 'a' ? line.with(-1, 3) : line)),
      short: 1,
    })),
    [`claude | 15T08 | ${LINES(1)} | ${MARKS}`],
  ],
  [
    'a wrong rollup',
    changed<DayDocument>('day:2026-01-15', ({ hours }) => ({
      hours: { ...hours, '13': hours['09'] },
    })),
    ['claude | 15T13 | rollup'],
  ],
  [
    'a rollup of nothing',
    changed<DayDocument>('day:2026-01-15', ({ hours }) => ({
      hours: { ...hours, '03': hours['09'] },
    })),
    ['claude | 15T03 | rollup'],
  ],
  [
    'a wrong title',
    changed<TitlesDocument>('titles:2026-01-15T06', ({ posts }) => ({
      posts: posts.map((post) => (post[0] === 'b' ? post.with(5, 'A title') : post)),
    })),
    ['claude | 15T09 | titles'],
  ],
  [
    'a title of another time',
    changed<TitlesDocument>('titles:2026-01-15T06', ({ posts }) => ({
      posts: [...posts, ['z', Date.parse(at('18:00')), 0, 1, 1, 'Elsewhere']],
    })),
    ['claude | 15T06 | titles'],
  ],
  [
    'an exempt document that would go',
    changed<HourDocument>('hour:2026-01-15T08', () => ({ ttl: 9999 })),
    [`claude | 15T08 | ${EXEMPT}`],
  ],
  [
    'a wrong number of items',
    changed<HeadDocument>('_head', () => ({ items: 77 })),
    ['claude | all | 77 6'],
  ],
  [
    'an item of which nothing tells',
    async (scene) => {
      const { _etag, _ts, ...post } = (await scene.document<PostDocument>(
        't3_a',
      )) as Versioned<PostDocument>;
      const created_utc = at('10:00', '08');
      return { kind: 'create', document: { ...post, id: 't3_lost', created_utc } };
    },
    [`claude | 08T10 | rollup | titles | ${LINES(1)} | ${MARKS}`, 'claude | all | 6 7'],
  ],
];

for (const [what, change, found] of BROKEN) {
  test.serial(`verify finds and repairs: ${what}`, async (t) => {
    const scene = await filled(t);
    t.deepEqual(await scene.verify(), {
      ...{ items: 7, rollups: 4, differences: [], stale_terms: 0, repaired: false },
    });
    await scene.tamper(...[await change(scene)].flat());
    t.deepEqual(told(await scene.verify()), found);
    const { n } = await scene.deps.versions.read();
    t.true((await scene.verify(true)).repaired);
    t.is((await scene.another().versions.read()).n, n + 1);
    t.like(await scene.verify(true), { differences: [], repaired: false });
  });
}

test.serial('what a look at a thread found survives a repair', async (t) => {
  const scene = await filled(t);
  const unreachable = changed<HourDocument>('hour:2026-01-15T08', ({ lines }) => ({
    lines: lines.map((line) =>
      line[1] === 'a'
        ? line
            .with(-3, 1)
            .with(-2, Date.parse(at('11:00')))
            .with(-1, 9)
        : line,
    ),
  }));
  await scene.tamper(...[await unreachable(scene)].flat());
  t.is(told(await scene.verify(true)).length, 1);
  t.deepEqual((await scene.verify()).differences, []);
  const line = (await scene.document<HourDocument>('hour:2026-01-15T08'))?.lines[0];
  t.deepEqual(line?.slice(-4), [3, 1, Date.parse(at('11:00')), 2]);
});

test.serial('a writer at work is no difference', async (t) => {
  const scene = await filled(t);
  let writing = true;
  const write = async () => {
    for (let n = 0; writing && n < 200; n += 1) {
      const minute = String(n % 60).padStart(2, '0');
      await scene.commit({
        posts: [aPost({ id: 'a', created_utc: at('08:10'), comment_count: 10 + n })],
        comments: [aComment({ id: `w${n}`, post_id: 'a', created_utc: at(`09:${minute}`) })],
      });
      // As a collector waits for Reddit's next answer.
      if (n % 8 === 7) await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  const reader = scene.another();
  const clock = { ...reader.clock, now: () => scene.clock.now(), sleep: async () => undefined };
  const verify = cosmosVerify({ ...reader, clock: clock });
  const writer = write();
  const reports = [];
  for (let n = 0; n < 3; n += 1) reports.push(await verify({ repair: false }));
  writing = false;
  await writer;
  for (const { differences } of reports) t.deepEqual(differences, []);
  t.deepEqual((await scene.verify()).differences, []);
});

test.serial('progress is told', async (t) => {
  const scene = await filled(t);
  const seen: number[] = [];
  await cosmosVerify(scene.deps)({ repair: false, onProgress: (items) => void seen.push(items) });
  t.is(seen.at(-1), 7);
});

test('who interrupts it gets no report, and nothing is repaired', async (t) => {
  const scene = await filled(t);
  await scene.tamper({ kind: 'delete', id: 'day:2026-01-15' });
  const stop = new AbortController();
  const { account } = scene.another();
  const verify = cosmosVerify({ ...scene.deps, account });
  const interrupted = verify({
    ...{ repair: true, signal: stop.signal },
    onProgress: () => stop.abort(),
  });
  await t.throwsAsync(interrupted, { code: 'cancelled', message: /^Interrupted after \d+ items$/ });
  const { repaired, differences } = await scene.verify();
  t.false(repaired);
  t.true(differences.length > 0);
});

/** Does something after the first batch of a repair. */
function repairing(scene: CosmosScene, act: () => void) {
  const { account } = scene.another();
  const batch: typeof account.items.batch = async (shape, partition, operations) => {
    const answer = await account.items.batch(shape, partition, operations);
    if (shape === 'repair batch') act();
    return answer;
  };
  return cosmosVerify({
    ...scene.deps,
    account: { ...account, items: { ...account.items, batch } },
  });
}

test('interrupted between two repairs, it says how many were done, and readers are told', async (t) => {
  const scene = await filled(t);
  await scene.tamper({ kind: 'delete', id: 'day:2026-01-15' });
  const { n } = await scene.another().versions.read();
  const stop = new AbortController();
  const verify = repairing(scene, () => stop.abort());
  await t.throwsAsync(verify({ repair: true, signal: stop.signal }), {
    ...{ code: 'cancelled', message: 'Interrupted after 1 of 3 repairs' },
  });
  t.deepEqual(
    told(await scene.verify()),
    ['09', '13'].map((hour) => `claude | 15T${hour} | rollup`),
  );
  t.is((await scene.another().versions.read()).n, n + 1);
});

test('a repair that fails takes nothing from readers of those before it', async (t) => {
  const scene = await filled(t);
  await scene.tamper({ kind: 'delete', id: 'day:2026-01-15' });
  const { n } = await scene.another().versions.read();
  const verify = repairing(scene, () => {
    throw new Error('power cut');
  });
  await t.throwsAsync(verify({ repair: true }), { message: 'power cut' });
  t.is(told(await scene.verify()).length, 2);
  t.is((await scene.another().versions.read()).n, n + 1);
});

test('a count that the account gives in parts is whole', async (t) => {
  const scene = await cosmosScene(t);
  const MANY = 1100;
  const comments = Array.from({ length: MANY }, (_, n) => aComment({ id: `c${n}`, post_id: 'a' }));
  for (let from = 0; from < MANY; from += MAX_BATCH) {
    await scene.commit({ comments: comments.slice(from, from + MAX_BATCH) });
  }
  const ofHead = await scene.document<HeadDocument>('_head');
  t.is(ofHead?.items, MANY);
  const counted = await scene.deps.account.items.query<number>('verify', {
    ...{ text: 'SELECT VALUE COUNT(1) FROM c', parameters: {}, partition: 'claude' },
  });
  t.is(counted.length, 2, 'or this test proves nothing');
  t.deepEqual(told(await scene.verify()), []);
});
