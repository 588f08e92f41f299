import type { ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { DAY_MS } from '../../src/domain/window.js';
import type { NewComment, NewPost } from '../../src/domain/item.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { CONTAINERS } from '../../src/store/cosmos/account/containers.js';
import { openAccount } from '../../src/store/cosmos/account/open-account.js';
import type { Operation, Versioned } from '../../src/store/cosmos/account.js';
import { LEASE_ID, SCOPE } from '../../src/store/cosmos/control/documents.js';
import { cosmosLeases } from '../../src/store/cosmos/control/lease.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import type { ItemsDocument } from '../../src/store/cosmos/documents/documents.js';
import { cosmosKeep } from '../../src/store/cosmos/keep/keep.js';
import { cosmosVerify } from '../../src/store/cosmos/verify/verify.js';
import { cosmosWalks } from '../../src/store/cosmos/walks/walks.js';
import { createWriterMemory } from '../../src/store/cosmos/write/cache.js';
import type { WriteDeps } from '../../src/store/cosmos/write/change.js';
import { commit } from '../../src/store/cosmos/write/commit.js';
import { importItems } from '../../src/store/cosmos/write/import.js';
import type { CommitResult, VerifyReport } from '../../src/store/store.js';
import { ManualClock } from './clock.js';
import { clientOf } from './cosmos.js';
import { silentLog } from './log.js';

const FENCE = { epoch: 7 };
const DATABASE = 'test';

/** What walks, retention and comparison stand on, over the SDK and an account of our own. */
export interface CosmosScene {
  clock: ManualClock;
  deps: WriteDeps;
  walks: ReturnType<typeof cosmosWalks>;
  keep: ReturnType<typeof cosmosKeep>;
  /** Commits items of r/claude unless told otherwise. */
  commit(
    items: { posts?: NewPost[]; comments?: NewComment[] },
    subreddit?: string,
  ): Promise<CommitResult>;
  /** Imports items of r/claude that are exempt from retention. */
  keepHistory(items: { posts?: NewPost[]; comments?: NewComment[] }): Promise<unknown>;
  verify(repair?: boolean): Promise<VerifyReport>;
  /** A document of r/claude. */
  document<T extends ItemsDocument>(id: string): Promise<Versioned<T> | null>;
  /** Writes in r/claude behind the store's back. */
  tamper(...operations: Operation[]): Promise<void>;
  /** Shapes of the calls since it was last asked, each with how many there were. */
  calls(): Record<string, number>;
  /** Another process. */
  another(): WriteDeps;
}

export async function cosmosScene(t: ExecutionContext): Promise<CosmosScene> {
  const standIn = await startStandIn(t);
  const clock = new ManualClock('2026-01-15T12:00:00.000Z');
  let calls: Record<string, number> = {};
  const connect = (): WriteDeps => {
    const account = openAccount({
      ...{ endpoint: standIn.url, key: standIn.key, database: DATABASE },
      ...{
        clock: systemClock,
        log: silentLog,
        attemptMs: 5000,
        patienceMs: 10_000,
        maxSockets: 16,
      },
      onCharge: (shape) => {
        calls[shape] = (calls[shape] ?? 0) + 1;
      },
    });
    t.teardown(async () => account.close());
    const [versions, lease] = [cosmosVersions({ account }), cosmosLeases({ account })];
    const memory = createWriterMemory();
    return { account, clock, versions, lease, retentionMs: 90 * DAY_MS, memory };
  };
  const deps = connect();
  const lease = { id: LEASE_ID, scope: SCOPE, kind: 'lease', ...FENCE, closed: [] };
  const held = { holder: 'test-host:1:0:0', cycle_id: 'cycle-7', expires_at: null };
  await deps.account.control.batch('set up', SCOPE, [
    { kind: 'upsert', document: { ...lease, ...held } },
  ]);
  const { items } = deps.account;
  // What another process finds: nothing of it comes from a memory.
  const other = connect();
  return {
    ...{ clock, deps, walks: cosmosWalks(deps.account), keep: cosmosKeep(deps) },
    commit: ({ posts = [], comments = [] }, subreddit = 'claude') =>
      commit(deps, { fence: FENCE, subreddit, posts, comments }),
    keepHistory: ({ posts = [], comments = [] }) =>
      importItems(deps, { subreddit: 'claude', keepHistory: true, posts, comments }),
    verify: (repair = false) => cosmosVerify(other)({ repair }),
    document: (id) => items.read('look', 'claude', id),
    tamper: async (...operations) => {
      const { done } = await items.batch('tamper', 'claude', operations);
      t.true(done);
      deps.memory.forget('claude');
    },
    calls: () => {
      const since = calls;
      calls = {};
      return since;
    },
    another: connect,
  };
}

/** With the containers as they are set up for use. */
async function startStandIn(t: ExecutionContext): Promise<CosmosAccount> {
  const standIn = await startCosmosAccount({});
  t.teardown(() => standIn.close());
  const client = clientOf(standIn);
  const { database } = await client.databases.create({ id: DATABASE });
  for (const { partitionKey, ...definition } of CONTAINERS) {
    await database.containers.create({ ...definition, partitionKey: { paths: [partitionKey] } });
  }
  client.dispose();
  return standIn;
}
