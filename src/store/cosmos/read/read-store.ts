import type { Clock } from '../../../clock.js';
import type { ReadStore, Trending } from '../../store.js';
import type { Account } from '../account.js';
import { readComments } from './comments.js';
import { createDesk } from './desk.js';
import type { FollowerDeps } from './follower.js';
import { createMemory } from './memory.js';
import { oldestOf } from './oldest.js';
import { readPost, recentPosts } from './posts.js';
import { hourlyCounts, rollups, subreddits } from './rollups.js';
import { titlesIn, topicsFrom } from './trending.js';

/** What is read from, or written to, the container of cycles and requests. */
export type ControlCalls = Pick<
  ReadStore,
  'cycles' | 'gaps' | 'healthFacts' | 'requestCycle' | 'pause' | 'resume'
>;

export interface CosmosReadDeps {
  account: Pick<Account, 'items'>;
  versions: FollowerDeps['versions'];
  control: ControlCalls;
  clock: Clock;
  /** How long items are kept after they were created. */
  retentionMs: number;
  /** So old may be what is known of the store. 0 for tests, whose clock stands still. */
  pollEveryMs?: number;
  maxBytes?: { hours: number; titles: number };
}

export interface CosmosReadStore extends ReadStore {
  /** This process has moved the data version: whoever asks from now on sees what it wrote. */
  moved(): void;
  /** Forgets everything; the account is closed by whoever opened it. */
  close(): Promise<void>;
}

/** Two API processes show the same version within two seconds: this, a round trip and who polls it. */
const POLL_EVERY_MS = 900;
const MIB = 1024 * 1024;
/** Edges of some dozen windows; the titles of two times thirty days, 130,000 at a million items, and half as many again. */
const MAX_BYTES = { hours: 16 * MIB, titles: 96 * MIB };

/**
 * What the API needs. Rollups, edges of windows, titles and the newest posts are held in memory once
 * they were asked for, and follow the store; single posts and comments are read. Nothing is asked of
 * the account but in a call.
 */
export function cosmosReadStore(deps: CosmosReadDeps): CosmosReadStore {
  const { account, versions, control, clock, retentionMs } = deps;
  const { pollEveryMs = POLL_EVERY_MS, maxBytes = MAX_BYTES } = deps;
  const { items } = account;
  const memory = createMemory({ items, versions, clock, pollEveryMs, maxBytes });
  const { follower, newest, titles } = memory;
  const oldest = oldestOf(clock, retentionMs);
  const counted = { memory, oldest };
  const desk = createDesk<Trending>();
  return {
    ping: async () => ({ data_version: (await versions.read()).n }),
    recentPosts: (query) => recentPosts({ items, follower, newest, oldest }, query),
    post: (id) => readPost({ items, oldest }, id),
    comments: (query) => readComments({ items, follower, oldest }, query),
    hourlyCounts: (query) => hourlyCounts(counted, query),
    rollups: (query) => rollups(counted, query),
    trending: async (query) => {
      const { opening, version } = await follower.current();
      return desk.ask(JSON.stringify([opening, version, query]), (turn) =>
        titles.use(titlesIn([query.window, query.baseline]), (now) =>
          turn(() => topicsFrom({ now, seen: follower.seen, oldest: oldest(), clock }, query)),
        ),
      );
    },
    subreddits: (now) => subreddits(counted, now),
    cycles: (query) => control.cycles(query),
    gaps: (query) => control.gaps(query),
    healthFacts: (now) => control.healthFacts(now),
    requestCycle: (cycleId) => control.requestCycle(cycleId),
    pause: (reason) => control.pause(reason),
    resume: () => control.resume(),
    moved: follower.moved,
    async close() {
      memory.clear();
      desk.clear();
    },
  };
}
