import { toIso } from '../../clock.js';
import type { Config } from '../../config.js';
import { type Cycle, cycleStatus, type Upkeep } from '../../domain/cycle.js';
import { type AppError, toAppError } from '../../errors.js';
import type { CollectStore } from '../../store/store.js';
import { DAY_MS } from '../../domain/window.js';
import type { StoredItem } from '../../store/upkeep-store.js';
import { batchesOf } from '../subreddit.js';
import { textSince } from '../text-since.js';
import type { Items, Stored, UpkeepDeps } from './deps.js';
import { refresh } from './refresh.js';
import { repair } from './repair.js';
import { sweep } from './sweep.js';

/** What the cycle has at hand. */
export interface UpkeepRun
  extends Pick<UpkeepDeps, 'source' | 'scorer' | 'clock' | 'log' | 'fence'> {
  store: UpkeepDeps['store'] & Pick<CollectStore, 'commit' | 'updateCycle'>;
  config: Pick<Config, 'subreddits' | 'collection'>;
}

/**
 * What follows the listings of a cycle, in this order: gaps are repaired, young items refreshed,
 * and the walk for deletions goes on. Each step stands for itself: a failure is recorded in the
 * cycle, whose outcome the listings alone decide, and the next step is tried all the same. When
 * `signal` aborts, what is left is left to the next cycle.
 *
 * @throws AppError `lease_lost`: then nobody may go on
 */
export async function keepUp(
  cycle: Cycle,
  lively: readonly StoredItem[],
  run: UpkeepRun,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted || cycleStatus(cycle.subreddits) === 'failed') return;
  const upkeep = noUpkeep();
  cycle.upkeep = upkeep;
  const deps = depsOf(cycle, upkeep, run);
  const steps = {
    repair: () => repair(deps, signal, upkeep.repair),
    refresh: async () => {
      upkeep.blanked += await refresh(lively, deps, signal, upkeep.refresh);
    },
    sweep: () => sweep(deps, signal, upkeep.sweep),
  };
  for (const step of ['repair', 'refresh', 'sweep'] as const) {
    if (signal.aborted) break;
    const before = run.source.requestsSent();
    try {
      await steps[step]();
    } catch (error) {
      const known = toAppError(error);
      if (known.code === 'lease_lost') throw known;
      if (!signal.aborted) note(cycle, step, known, run);
    }
    upkeep[step].requests = run.source.requestsSent() - before;
    if (!signal.aborted) await run.store.updateCycle(cycle, run.fence);
  }
  run.log.info({ ...upkeep }, 'upkeep');
}

function noUpkeep(): Upkeep {
  const asking = { asked: 0, changed: 0, requests: 0, left: 0 };
  return {
    repair: { threads: 0, posts_new: 0, comments_new: 0, requests: 0, left: 0 },
    refresh: { ...asking },
    sweep: { ...asking },
    blanked: 0,
  };
}

function depsOf(cycle: Cycle, upkeep: Upkeep, run: UpkeepRun): UpkeepDeps {
  const { store, source, scorer, clock, log, fence, config } = run;
  const read = cycle.subreddits.filter(({ state, error }) => state === 'active' && error === null);
  return {
    ...{ store, source, scorer, clock, log, fence },
    intervalMs: config.collection.intervalMs,
    retentionDays: config.collection.retentionDays,
    subreddits: read.map(({ name }) => name),
    omissions: new Set(),
    commit: async (subreddit, items, direct) => {
      const stored = await commitAll(subreddit, items, direct, run);
      upkeep.blanked += stored.blanked;
      return stored;
    },
  };
}

async function commitAll(
  subreddit: string,
  { posts, comments }: Items,
  direct: boolean,
  { store, fence, clock, config }: UpkeepRun,
): Promise<Stored> {
  const sum = { posts_new: 0, comments_new: 0, updated: 0, blanked: 0 };
  if (posts.length + comments.length === 0) return sum;
  for (const batch of batchesOf(posts, comments)) {
    // Posts that comments tell of may be of any age, and what was asked for may have expired meanwhile.
    const newSince = toIso(clock.now() - config.collection.retentionDays * DAY_MS);
    const rules = { ...(direct && { direct }), ...textSince(config.collection, clock), newSince };
    const stored = await store.commit({ fence, subreddit, ...batch, ...rules });
    sum.posts_new += stored.posts_new;
    sum.comments_new += stored.comments_new;
    sum.updated += stored.updated;
    sum.blanked += stored.blanked;
  }
  return sum;
}

function note(cycle: Cycle, step: string, error: AppError, { clock, log }: UpkeepRun): void {
  const { code, message, details } = error;
  log.error({ step, code, err: error }, 'upkeep failed');
  const attempt = Number(details.attempt ?? 1);
  const at = toIso(clock.now());
  cycle.errors.push({ at, subreddit: null, code, message: `${step}: ${message}`, attempt });
}
