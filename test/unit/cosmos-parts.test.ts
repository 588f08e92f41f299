import test, { type ExecutionContext } from 'ava';
import { toIso } from '../../src/clock.js';
import { newCycle } from '../../src/domain/cycle.js';
import { HOUR_MS } from '../../src/domain/window.js';
import { AppError } from '../../src/errors.js';
import { blank } from '../../src/store/cosmos/write/blank.js';
import type { WriteDeps } from '../../src/store/cosmos/write/change.js';
import { commit } from '../../src/store/cosmos/write/commit.js';
import { importItems } from '../../src/store/cosmos/write/import.js';
import { type Call, cosmosBed, type Watch } from '../support/cosmos-bed.js';
import { aPost } from '../support/items.js';

const LOST = new AppError('store_timeout', 'no answer');
/** Of as many hours: more than a batch takes, and two take it. */
const MANY = 80;
const PARTS = 2;

const posts = () =>
  Array.from({ length: MANY }, (_, n) =>
    aPost({ id: `p${n}`, created_utc: toIso(Date.parse('2026-01-10T00:30:00Z') + n * HOUR_MS) }),
  );

/** The answer to the last part is lost, and the look at the head that follows fails. */
function losing(shape: string): Watch & { batches: number } {
  let away = false;
  const watch = {
    batches: 0,
    before: (call: Call) => {
      if (!away || call.shape !== `${shape} head`) return;
      away = false;
      throw LOST;
    },
    after: (call: Call) => {
      if (call.shape !== `${shape} batch`) return;
      watch.batches += 1;
      if (watch.batches !== PARTS) return;
      away = true;
      throw LOST;
    },
  };
  return watch;
}

async function scene(t: ExecutionContext, shape: string) {
  const bed = await cosmosBed(t);
  const watch = losing(shape);
  const store = bed.open(watch);
  const cycle = newCycle('cycle-a', toIso(bed.clock.now()), 'schedule', 40);
  const grant = await store.beginCycle({
    ...{ cycle, holder: 'a', leaseMs: 120_000, holderIsDead: () => false },
  });
  if (!grant.granted) throw new Error('refused');
  const version = async () => (await bed.open().deps.versions.read()).n;
  return { bed, deps: store.deps, fence: grant.fence, watch, version };
}

async function repeated<T>(
  t: ExecutionContext,
  { watch, version }: Pick<Awaited<ReturnType<typeof scene>>, 'watch' | 'version'>,
  call: () => Promise<T>,
): Promise<T> {
  const before = await version();
  await t.throwsAsync(call(), { code: 'store_timeout' });
  const answer = await call();
  t.is(watch.batches, PARTS, 'nothing is written again');
  t.true((await version()) > before, 'readers are told');
  return answer;
}

const stored = async ({ account }: WriteDeps) => {
  const query = { text: "SELECT VALUE c.id FROM c WHERE c.kind = 'post'", parameters: {} };
  return (await account.items.query('look', { ...query, partition: 'claude' })).length;
};

test('a commit in parts, repeated after a lost answer, tells of all of them', async (t) => {
  const at = await scene(t, 'commit');
  const batch = { fence: at.fence, subreddit: 'claude', posts: posts(), comments: [] };
  t.like(await repeated(t, at, () => commit(at.deps, batch)), { posts_new: MANY, updated: 0 });
  t.is(await stored(at.deps), MANY);
  t.like(await commit(at.deps, batch), { posts_new: 0 }, 'asked again, it is another call');
});

test('an import in parts, repeated after a lost answer, tells of all of them', async (t) => {
  const at = await scene(t, 'import');
  const batch = { subreddit: 'claude', keepHistory: false, posts: posts(), comments: [] };
  t.like(await repeated(t, at, () => importItems(at.deps, batch)), { posts_new: MANY, known: 0 });
  t.is(await stored(at.deps), MANY);
  t.like(await importItems(at.deps, batch), { posts_new: 0, known: MANY });
});

test('a blanking in parts, repeated after a lost answer, tells of all of them', async (t) => {
  const at = await scene(t, 'blank');
  const { fence, deps } = at;
  await commit(deps, { fence, subreddit: 'claude', posts: posts(), comments: [] });
  const items = posts().map(({ id }) => ({ kind: 'post' as const, id }));
  const blanking = { fence, subreddit: 'claude', items };
  t.is(await repeated(t, at, () => blank(deps, blanking)), MANY);
  t.is(await blank(deps, blanking), 0);
});

test('parts that were done are told of when a later one was built upon by others', async (t) => {
  const at = await scene(t, 'commit');
  const { fence, deps } = at;
  const batch = { fence, subreddit: 'claude', posts: posts(), comments: [] };
  const before = await at.version();
  await t.throwsAsync(commit(deps, batch), { code: 'store_timeout' });
  const beside = { ...at.bed.open().deps, versions: { ...deps.versions, bump: async () => 0 } };
  const other = aPost({ id: 'other' });
  await importItems(beside, {
    ...{ subreddit: 'claude', keepHistory: false, posts: [other], comments: [] },
  });
  t.is(await at.version(), before);
  t.true((await commit(deps, batch)).posts_new >= MANY / PARTS);
  t.true((await at.version()) > before);
  t.is(await stored(deps), MANY + 1);
});

test('two stores that are asked with the same batch each write it', async (t) => {
  const [one, other] = [await scene(t, 'no'), await scene(t, 'no')];
  const batch = { fence: one.fence, subreddit: 'claude', posts: posts(), comments: [] };
  await commit(one.deps, batch);
  t.like(await commit(other.deps, batch), { posts_new: MANY });
});
