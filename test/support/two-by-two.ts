import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import type { CosmosAccount } from '../../src/cosmos-account/run.js';
import type { Cycle } from '../../src/domain/cycle.js';
import type { Store } from '../../src/store/store.js';
import { type ApiProcess, startApi } from './api-process.js';
import { given } from './charts.js';
import { preparedAccount, settingsOf, storeOn, type Teardown } from './cosmos-system.js';
import { type JobsProcess, startJobs } from './jobs-process.js';
import { type Simulation, simulation } from './reddit.js';
import { temporaryFolder } from './temp.js';

export const LEASE_SECONDS = 2;
export const MACHINES = ['one', 'other'];
const ADMIN_TOKEN = 'admin-token-of-two-by-two';
const { href: NAMES_MACHINE } = new URL('./takeover-preload-root.js', import.meta.url);
const POLL_MS = 20;
const WORLD_BEHIND_MS = 3 * 3_600_000;

/** A jobs process on a machine of its own, by the name that it finds. */
export interface Runner extends JobsProcess {
  machine: string;
}

/** One account, one Reddit, two API processes; runners are started by the rounds. */
export interface TwoByTwo {
  account: CosmosAccount;
  reddit: Simulation;
  store: Store;
  apis: { process: ApiProcess; base: string }[];
  start(machine: string, intervalSeconds: number): Runner;
}

export async function twoByTwo(t: Teardown): Promise<TwoByTwo> {
  const account = await preparedAccount(t);
  const reddit = await simulation(t, {
    // The world's time is let pass in leaps, and must not get ahead of the processes'.
    clock: { ...systemClock, now: () => systemClock.now() - WORLD_BEHIND_MS },
    ...{ subreddits: ['claude', 'aws'], historyHours: 1 },
    ...{ postsPerHour: 60, commentsPerHour: 400, maxListing: 5000 },
  });
  const tokenFile = join(temporaryFolder(t), 'admin-token');
  writeFileSync(tokenFile, ADMIN_TOKEN, { mode: 0o600 });
  const common = {
    ...settingsOf(account),
    SUBREDDITS: reddit.subreddits.join(','),
    REDDIT_CLIENT_ID: 'id',
    REDDIT_CLIENT_SECRET: 'secret-of-two-by-two',
    REDDIT_USER_AGENT: 'two-by-two/1',
    REDDIT_BASE_URL: reddit.url,
    LEASE_SECONDS: String(LEASE_SECONDS),
    COLLECTION_DEADLINE_MINUTES: '1',
    DB_RETRY_BASE_DELAY: '0.2',
  };
  const processes = MACHINES.map(() => startApi(t, { ...common, ADMIN_TOKEN_FILE: tokenFile }));
  const apis = await Promise.all(
    processes.map(async (process) => ({ process, base: await process.listening })),
  );
  return {
    ...{ account, reddit, apis, store: storeOn(t, account) },
    start: (machine, intervalSeconds) => ({
      machine,
      ...startJobs(t, {
        ...common,
        COLLECTION_INTERVAL_MINUTES: String(intervalSeconds / 60),
        NODE_OPTIONS: `--import ${NAMES_MACHINE}?machine=${machine}`,
      }),
    }),
  };
}

/** Asks one of the APIs for a cycle; answers its id. */
export async function askFor(base: string): Promise<string> {
  const asked = await fetch(`${base}/api/v1/admin/collect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    signal: AbortSignal.timeout(10_000),
  });
  if (asked.status !== 202) throw new Error(`collect: ${asked.status} ${await asked.text()}`);
  return ((await asked.json()) as { cycle_id: string }).cycle_id;
}

/** What one API shows of the data. */
export interface Shown {
  /** Of the cycle that is waited for; null: it is not there, or still running. */
  cycle: Cycle | null;
  /** Figures of all items and the newest of them; the moments of windows left out. */
  figures: string;
  /** Posts and comments of the last 24 hours. */
  items: number;
  stale: boolean;
}

export async function shownBy(base: string, cycleId: string): Promise<Shown> {
  const paths = ['/collections?limit=20', '/sentiment/stats?hours=24', '/posts/recent?limit=5'];
  const answers = await Promise.all(paths.map((path) => given(base, `/api/v1${path}`)));
  const [cycles, stats, posts] = answers.map(({ status, body }) => {
    if (status !== 200) throw new Error(`${status}: ${body}`);
    return JSON.parse(body) as unknown;
  });
  const cycle = (cycles as Cycle[]).find(({ id }) => id === cycleId) ?? null;
  const { statistics } = stats as { statistics: Record<string, unknown> };
  const { previous: _, ...figures } = statistics;
  const items = Number(figures.posts) + Number(figures.comments);
  return {
    cycle: cycle === null || cycle.status === 'running' ? null : cycle,
    figures: JSON.stringify({ figures, newest: (posts as { id: string }[]).map(({ id }) => id) }),
    items,
    stale: answers.some(({ stale }) => stale),
  };
}

/** The cycles that a runner has begun, with the lease in its hand. */
export const begunBy = ({ lines }: Runner): string[] =>
  lines.filter(({ msg }) => msg === 'cycle start').map(({ cycle }) => String(cycle));

/** Looks until there is an answer; says what it waited for when there is none in time. */
export async function awaited<T>(
  what: string,
  look: () => T | null | undefined | Promise<T | null | undefined>,
  withinMs: number,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`);
    await systemClock.sleep(POLL_MS);
  }
}
