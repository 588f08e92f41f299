import test, { type ExecutionContext } from 'ava';
import { DAY_MS } from '../../src/domain/window.js';
import { AppError } from '../../src/errors.js';
import { prune } from '../../src/keep/prune.js';
import type { Operation } from '../../src/store/cosmos/account.js';
import type { HeadDocument, PostDocument } from '../../src/store/cosmos/documents/documents.js';
import { cosmosKeep } from '../../src/store/cosmos/keep/keep.js';
import { type CosmosScene, cosmosScene } from '../support/cosmos-scene.js';
import { aPost } from '../support/items.js';

const NAMES = ['aws', 'claude', 'windsurf'];
const NEVER = new AbortController().signal;

/** In each subreddit two hours past retention, one whose texts are past theirs, and an old gap. */
async function filled(t: ExecutionContext): Promise<CosmosScene> {
  const scene = await cosmosScene(t);
  for (const name of NAMES) {
    const at = (id: string, created_utc: string) =>
      aPost({ id: `${name}-${id}`, subreddit: name, created_utc });
    const posts = [
      at('old', '2025-12-01T08:15:00.000Z'),
      at('older', '2025-12-01T07:15:00.000Z'),
      at('text', '2026-01-02T08:15:00.000Z'),
    ];
    await scene.commit({ posts }, name);
    const own = { id: 'gap:1', subreddit: name, name, ttl: -1, kind: 'gap', of: 'post' };
    const gap = { ...own, from: '2025-12-01', to: '2025-12-01', missing: null };
    const operation: Operation = { kind: 'create', document: gap };
    await scene.deps.account.items.batch('set up', name, [operation]);
  }
  return scene;
}

/** As the job does it, in an account of which some partitions take no writes. */
function pruning(scene: CosmosScene, refuses: (partition: string) => AppError | null) {
  const { account } = scene.deps;
  const batch: typeof account.items.batch = async (shape, partition, operations) => {
    const refusal = refuses(partition);
    if (refusal !== null) throw refusal;
    return account.items.batch(shape, partition, operations);
  };
  const noted: string[] = [];
  const clock = { now: () => scene.clock.now(), monotonic: () => 0, sleep: async () => undefined };
  const failing = { ...account, items: { ...account.items, batch } };
  const keep = cosmosKeep({ ...scene.deps, clock, account: failing });
  const run = (signal = NEVER) =>
    prune(
      {
        store: { ...keep, noteJobSuccess: async (job) => void noted.push(job) },
        clock,
        config: { collection: { retentionDays: 30, textRetentionMs: 7 * DAY_MS } } as never,
        ...{ deadlineMs: 60_000, job: 'prune-1' },
      },
      signal,
    );
  return { run, noted };
}

/** By subreddit: items, whether a text is left, and whether its gap is on record. */
async function left({ deps }: CosmosScene) {
  const { items } = deps.account;
  const each = NAMES.map(async (name) => {
    const head = await items.read<HeadDocument>('look', name, '_head');
    const post = await items.read<PostDocument>('look', name, `t3_${name}-text`);
    return [head?.items, post?.content !== '', (await items.read('look', name, 'gap:1')) !== null];
  });
  return Promise.all(each);
}

const WHOLE = [3, true, true];
const PRUNED = [1, false, false];
const full = new AppError('store_unusable', 'The account is full in one partition', {
  ...{ cure: 'shorten DATA_RETENTION_DAYS', details: { why: 'is full in one partition' } },
});

test('a partition that refuses writes keeps no other from being pruned, and the run has failed', async (t) => {
  const scene = await filled(t);
  const { run, noted } = pruning(scene, (name) => (name === 'claude' ? full : null));
  const error = await t.throwsAsync<AppError>(run(), { code: 'store_unusable' });
  t.regex(error.message, /^The account is full in one partition; and \d more refusals$/);
  t.is(error.cure, full.cure);
  t.deepEqual(await left(scene), [PRUNED, WHOLE, PRUNED]);
  t.deepEqual(noted, []);
  const next = pruning(scene, () => null);
  t.like(await next.run(), { finished: true, posts: 2, texts: 1, records: 1 });
  t.deepEqual(await left(scene), [PRUNED, PRUNED, PRUNED]);
  t.deepEqual(next.noted, ['prune']);
});

test('ended early after a refusal, the run has failed all the same', async (t) => {
  const scene = await filled(t);
  const stop = new AbortController();
  const { run } = pruning(scene, (name) => {
    if (name === 'claude') stop.abort();
    return name === 'claude' ? full : null;
  });
  await t.throwsAsync(run(stop.signal), { code: 'store_unusable' });
});

test('what may pass ends the run at once: the next one goes on', async (t) => {
  const scene = await filled(t);
  const busy = new AppError('store_busy', 'later');
  const { run } = pruning(scene, (name) => (name === 'claude' ? busy : null));
  await t.throwsAsync(run(), { is: busy });
  t.deepEqual((await left(scene))[2], WHOLE);
});
