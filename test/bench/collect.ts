import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/clock.js';
import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { openStore } from '../../src/store/open.js';
import { testConfig } from '../support/config.js';
import { said, startJobs, until } from '../support/jobs-process.js';
import { silentLog } from '../support/log.js';
import { startSimulator } from '../support/simulator-process.js';
import { common, type Ids, missing, storedIds } from '../support/stored-ids.js';
import { temporaryFolder } from '../support/temp.js';

/**
 * `npm run bench -- collect [--json]`: the real `jobs` process makes its first cycle over the
 * default subreddits of a simulator process, at its default volume and without latency, into
 * a new store. Processor time and memory are the whole process's, its start included.
 */
const BOUNDS = { requests: 80, cpu_seconds: 5, peak_mb: 250, not_stored: 0 };
const WITHIN_MS = 300_000;
/** Of /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
try {
  const figures = await measure();
  const over = (Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).filter(
    (name) => figures[name] > BOUNDS[name],
  );
  process.stdout.write(
    values.json ? `${JSON.stringify({ ...figures, bounds: BOUNDS, over })}\n` : table(figures),
  );
  process.exitCode = over.length === 0 ? 0 : 1;
} finally {
  for (const release of releases.reverse()) await release();
}

type Figures = Awaited<ReturnType<typeof measure>>;

async function measure() {
  const folder = temporaryFolder(t);
  const path = join(folder, 'store.db');
  const env = { NODE_ENV: 'production', SUBREDDITS: DEFAULT_SUBREDDITS, SQLITE_PATH: path };
  const simulator = await startSimulator(t, folder, env);
  const before = await listed(simulator.env.REDDIT_BASE_URL ?? '');
  const jobs = startJobs(t, { ...env, ...simulator.env });
  const pid = jobs.child.pid ?? 0;
  await until(() => said(jobs, 'job end'), WITHIN_MS);
  const cpu_seconds = cpuSeconds(pid);
  const peak_mb = peakMb(pid);
  const after = await listed(simulator.env.REDDIT_BASE_URL ?? '');
  jobs.child.kill('SIGTERM');
  await jobs.exit;
  const cycle = await firstCycle(path);
  const stored = storedIds(path);
  const asked = requestsOf(cycle);
  return {
    status: cycle.status,
    posts: stored.posts.length,
    comments: stored.comments.length,
    not_stored: missing(common(before, after), stored).length,
    requests: asked.listings + asked.upkeep,
    requests_upkeep: asked.upkeep,
    /** One listing for each subreddit and one thread for each post. */
    requests_one_by_one: cycle.subreddits.length + stored.posts.length,
    cpu_seconds,
    wall_seconds: (cycle.duration_ms ?? 0) / 1000,
    peak_mb,
  };
}

function table(figures: Figures): string {
  const { status, posts, comments, requests_upkeep, requests_one_by_one } = figures;
  const bounded = (name: keyof typeof BOUNDS, what: string) => {
    const bound = BOUNDS[name];
    return `${what.padEnd(26)}${figures[name]} of at most ${bound}: ${figures[name] <= bound ? 'ok' : 'OVER'}\n`;
  };
  const plain = (what: string, value: string) => `${what.padEnd(26)}${value}\n`;
  return [
    plain('cycle', `${status}, ${posts} posts, ${comments} comments`),
    bounded('not_stored', 'listed, but not stored'),
    bounded('requests', 'requests'),
    plain('  of them for upkeep', String(requests_upkeep)),
    plain('  one by one they were', String(requests_one_by_one)),
    bounded('cpu_seconds', 'processor seconds'),
    plain('wall seconds', String(figures.wall_seconds)),
    bounded('peak_mb', 'peak resident memory, MB'),
  ].join('');
}

async function listed(url: string): Promise<Ids> {
  return (await (await fetch(`${url}/simulator/listed`)).json()) as Ids;
}

async function firstCycle(path: string): Promise<Cycle> {
  const store = await openStore(testConfig({ SQLITE_PATH: path }), {
    ...{ clock: systemClock, log: silentLog },
  });
  try {
    const cycle = (await store.cycles({ limit: 10 })).at(-1);
    if (cycle === undefined) throw new Error('no cycle was recorded');
    return cycle;
  } finally {
    await store.close();
  }
}

function requestsOf({ subreddits, upkeep }: Cycle): { listings: number; upkeep: number } {
  const steps = upkeep === null ? [] : [upkeep.repair, upkeep.refresh, upkeep.sweep];
  const sum = (parts: readonly { requests: number }[]) =>
    parts.reduce((total, { requests }) => total + requests, 0);
  return { listings: sum(subreddits), upkeep: sum(steps) };
}

/** User and system time of all its threads, from proc(5). */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from field 3 on
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function peakMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 102.4) / 10;
}
