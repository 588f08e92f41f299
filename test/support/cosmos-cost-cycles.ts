import type { ExecutionContext } from 'ava';
import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';
import { toIso } from '../../src/clock.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { fullname, type NewComment, type NewPost } from '../../src/domain/item.js';
import { DAY_MS } from '../../src/domain/window.js';
import type { OpenAccount } from '../../src/store/cosmos/account/open-account.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { partitionOf } from '../../src/store/cosmos/documents/documents.js';
import { itemDocument } from '../../src/store/cosmos/documents/items.js';
import { ttlOf } from '../../src/store/cosmos/write/derive.js';
import type { ItemBatch, Store } from '../../src/store/store.js';
import {
  type Charges,
  type CostBed,
  costBed,
  spentSince,
  STUCK_AFTER_MS,
  sumOf,
} from './cosmos-cost.js';
import { type CycleBench, cycleBench } from './cycle-bench.js';

type Teardown = Pick<ExecutionContext, 'teardown'>;

export interface CycleCost {
  status: Cycle['status'];
  errors: number;
  /** On the clock of the cycle, which stands still while anything is computed or sent. */
  seconds: number;
  /** Everything given to be stored: of listings, refresh and sweep. */
  seen: number;
  added: number;
  requests: number;
  ru: number;
  by: Charges;
  /** Of storing each of what was seen as a document of its own, replaced where it is there. */
  upsert_ru: number;
}

export interface CostedCycles {
  bench: CycleBench;
  bed: CostBed;
  cycle(): Promise<CycleCost>;
}

const RETENTION_MS = 180 * DAY_MS;
/** Of a batch by Azure; fewer for the size of it. */
const AT_ONCE = 50;
const PLAIN = 'plain';

/**
 * Cycles over the default subreddits at the default volume, on the virtual clock.
 * @param options shared RU per second to keep to; without it the account never refuses, and the
 *   plain store is written beside the real one
 */
export async function costedCycles(
  t: Teardown,
  options: { shared?: number; world?: NonNullable<Parameters<typeof cycleBench>[1]>['simulation'] },
): Promise<CostedCycles> {
  const { shared } = options;
  let opened: { bed: CostBed; account: OpenAccount; plain: Plain | null } | null = null;
  const bench = await cycleBench(t, {
    stuckAfterMs: STUCK_AFTER_MS,
    simulation: {
      ...{ subreddits: DEFAULT_SUBREDDITS.split(','), postsPerHour: 88, commentsPerHour: 462 },
      ...{ historyHours: 8.7, maxListing: 900, ...options.world },
    },
    open: async (_config, clock) => {
      const limit = shared === undefined ? {} : { shared, throughput: 'offered' as const };
      const bed = await costBed(t, { clock, ...limit });
      if (shared === undefined) await bed.create(PLAIN);
      const account = bed.connect();
      const plain = shared === undefined ? plainStore(bed.connect(PLAIN), () => clock.now()) : null;
      opened = { bed, account, plain };
      return noting(cosmosStore({ account, clock, retentionMs: RETENTION_MS }), plain);
    },
  });
  if (opened === null) throw new Error('the store was not opened');
  const { bed, account, plain } = opened as { bed: CostBed; account: OpenAccount; plain: Plain };
  const cycle = async (): Promise<CycleCost> => {
    const [before, plainBefore] = [account.charges(), plain?.ru() ?? 0];
    const seenBefore = plain?.seen() ?? 0;
    const { status, errors, duration_ms, subreddits } = await bench.cycle();
    const by = spentSince(before, account.charges());
    const added = subreddits.reduce((sum, one) => sum + one.posts_new + one.comments_new, 0);
    return {
      ...{ status, errors: errors.length, seconds: (duration_ms ?? 0) / 1000, added },
      ...{ seen: (plain?.seen() ?? 0) - seenBefore, ...sumOf(by), by },
      upsert_ru: Math.round((plain?.ru() ?? 0) - plainBefore),
    };
  };
  return { bench, bed, cycle };
}

interface Plain {
  upsert(batch: ItemBatch): Promise<void>;
  ru(): number;
  seen(): number;
}

/** Stores what it is given, one document each, and nothing else. */
function plainStore(account: OpenAccount, now: () => number): Plain {
  let seen = 0;
  return {
    async upsert({ subreddit, posts, comments }) {
      const nowMs = now();
      const stamp = toIso(nowMs);
      const items = new Map<string, NewPost | NewComment>([
        ...posts.map((post) => [fullname({ kind: 'post', id: post.id }), post] as const),
        ...comments.map((one) => [fullname({ kind: 'comment', id: one.id }), one] as const),
      ]);
      seen += items.size;
      const all = [...items.values()].map((item) => {
        const ttl = ttlOf(item.created_utc, false, { nowMs, retentionMs: RETENTION_MS });
        return itemDocument(item, { collected_at: stamp, updated_at: stamp, ttl });
      });
      for (let from = 0; from < all.length; from += AT_ONCE) {
        const operations = all
          .slice(from, from + AT_ONCE)
          .map((document) => ({ kind: 'upsert', document }) as const);
        await account.items.batch('plain', partitionOf(subreddit), operations);
      }
    },
    ru: () => sumOf(account.charges()).ru,
    seen: () => seen,
  };
}

function noting(store: Store, plain: Plain | null): Store {
  if (plain === null) return store;
  return {
    ...store,
    commit: async (batch) => {
      await plain.upsert(batch);
      return store.commit(batch);
    },
  };
}
