import { systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import { type ApiProcess, startApi } from './api-process.js';
import { given } from './charts.js';
import type { RowEnd } from './cosmos-fault-cycles.js';
import { preparedAccount, settingsOf, type Teardown } from './cosmos-system.js';
import { freePort } from './free-port.js';
import { startJobs } from './jobs-process.js';

export interface StartRow {
  name: string;
  run: (t: Teardown) => Promise<RowEnd>;
}

const KEY = Buffer.alloc(64, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(64, 9).toString('base64');
const ANSWER_MS = 2000;
/** A second between two attempts, one attempt at most, and a busy machine. */
const BACK_MS = 5000;
const READS = ['/posts/recent', '/sentiment/stats', '/subreddits', '/collections', '/trending'];
/** Four attempts without an answer, each at most as long as its patience, and the pauses between them. */
const ENDS_WITHIN_MS = 30_000;
const SHORT = { DB_RETRY_BASE_DELAY: '0.05' };

/** What a process does that starts while something is wrong with the account. */
export function startRows(): StartRow[] {
  return [
    { name: 'start: nobody listens', run: (t) => nobodyListens(t) },
    { name: 'start: a wrong key', run: (t) => wrongKey(t, 'false') },
    { name: 'start: a wrong key, START_DEGRADED', run: (t) => wrongKey(t, 'true') },
    { name: 'start: no containers', run: (t) => noContainers(t, 'false') },
    { name: 'start: no containers, START_DEGRADED', run: (t) => noContainers(t, 'true') },
    { name: 'start: nobody listens, START_DEGRADED', run: (t) => awaited(t) },
    { name: 'start: a silent account, START_DEGRADED', run: (t) => silentAtFirst(t) },
  ];
}

/** Both processes end with 69 after four attempts. */
async function nobodyListens(t: Teardown): Promise<RowEnd> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const ended = await bothEnd(t, { ...settingsOf({ url, key: KEY }), ...SHORT }, 69);
  const failures = [...ended.failures];
  for (const { who, output } of ended.ends) {
    const again = output.split('; trying again').length - 1;
    if (again !== 3) failures.push(`${who} tried ${again + 1} times`);
    if (!output.includes('ECONNREFUSED')) failures.push(`${who} does not say why`);
  }
  return { came: `both ended with 69 after four attempts, ${ended.took}`, failures };
}

async function wrongKey(t: Teardown, degraded: string): Promise<RowEnd> {
  const { url } = await preparedAccount(t);
  const settings = { ...settingsOf({ url, key: OTHER_KEY }), START_DEGRADED: degraded };
  const ended = await bothEnd(t, settings, 78);
  const failures = [...ended.failures];
  for (const { who, output } of ended.ends) {
    if (!output.includes('refuses the key'))
      failures.push(`${who} does not say that it is the key`);
    if (!output.includes('COSMOS_KEY')) failures.push(`${who} does not name COSMOS_KEY`);
    if (output.includes(OTHER_KEY)) failures.push(`${who} shows the key`);
  }
  return { came: `both ended with 78, ${ended.took}`, failures };
}

async function noContainers(t: Teardown, degraded: string): Promise<RowEnd> {
  const account = await startCosmosAccount();
  t.teardown(() => account.close());
  const ended = await bothEnd(t, { ...settingsOf(account), START_DEGRADED: degraded }, 78);
  const failures = [...ended.failures];
  for (const { who, output } of ended.ends) {
    if (!output.includes('npm run cosmos:setup')) failures.push(`${who} does not name the cure`);
  }
  return { came: `both ended with 78, ${ended.took}`, failures };
}

/** The account comes up after the API, which then serves without a restart. */
async function awaited(t: Teardown): Promise<RowEnd> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const settings = settingsOf({ url, key: KEY });
  return degraded(t, settings, () => preparedAccount(t, { port, key: KEY }));
}

async function silentAtFirst(t: Teardown): Promise<RowEnd> {
  const account = await preparedAccount(t);
  account.faults.add({ kind: 'silent' });
  return degraded(t, settingsOf(account), async () => {
    account.faults.heal();
    return account;
  });
}

async function degraded(
  t: Teardown,
  settings: Record<string, string>,
  bringUp: () => Promise<CosmosAccount>,
): Promise<RowEnd> {
  const api = startApi(t, { ...settings, START_DEGRADED: 'true' });
  const base = await api.listening;
  const failures = await away(base);
  await bringUp();
  const began = performance.now();
  const backMs = () => Math.round(performance.now() - began);
  const serves = async () => {
    const answers = await Promise.all(READS.map((path) => given(base, `/api/v1${path}`)));
    const [ready, health] = await Promise.all([given(base, '/readyz'), given(base, '/health')]);
    return [...answers, ready, health].every(({ status }) => status === 200);
  };
  while (!(await serves()) && backMs() < BACK_MS) await systemClock.sleep(50);
  const took = backMs();
  if (took >= BACK_MS) failures.push(`it does not serve ${took} ms after the account is there`);
  failures.push(...(await endOf(api)));
  return {
    came: `503 with its cause, then served ${took} ms after the account was there`,
    failures,
  };
}

/** Everything answers, and says that the account is away. */
async function away(base: string): Promise<string[]> {
  const failures: string[] = [];
  const paths = [...READS.map((path) => `/api/v1${path}`), '/health', '/readyz'];
  await Promise.all(
    paths.map(async (path) => {
      const began = performance.now();
      const { status, retryAfter, body } = await given(base, path);
      const ms = Math.round(performance.now() - began);
      if (status !== 503) failures.push(`${path}: ${status}`);
      if (ms > ANSWER_MS) failures.push(`${path}: after ${ms} ms`);
      const isProbe = !path.startsWith('/api');
      if (isProbe && !body.includes('database_unreachable')) failures.push(`${path}: ${body}`);
      if (!isProbe && retryAfter === null) failures.push(`${path}: without Retry-After`);
    }),
  );
  const alive = await given(base, '/livez');
  if (alive.status !== 200) failures.push(`/livez: ${alive.status}`);
  return failures;
}

async function endOf({ child, exited }: ApiProcess): Promise<string[]> {
  if (child.exitCode !== null) return [`it ended by itself with ${child.exitCode}`];
  child.kill('SIGTERM');
  const { code } = await exited;
  return code === 0 ? [] : [`told to end, it ended with ${code}`];
}

interface Ended {
  who: 'api' | 'jobs';
  output: string;
}

/** The API and the runner, each started with these settings, which both must refuse. */
async function bothEnd(
  t: Teardown,
  settings: Record<string, string>,
  code: number,
): Promise<{ ends: Ended[]; failures: string[]; took: string }> {
  const began = performance.now();
  const api = startApi(t, settings);
  const jobs = startJobs(t, settings);
  const late = systemClock.sleep(ENDS_WITHIN_MS).then(() => ({ code: 'no end' }));
  const [one, other] = await Promise.all([
    Promise.race([api.exited, late]),
    Promise.race([jobs.exit.then((exit) => ({ code: exit })), late]),
  ]);
  const failures = [
    ...(one.code === code ? [] : [`the API ended with ${one.code}`]),
    ...(other.code === code ? [] : [`the runner ended with ${other.code}`]),
  ];
  const written = jobs.lines.map((line) => JSON.stringify(line)).join('\n');
  return {
    ends: [
      { who: 'api', output: api.output() },
      { who: 'jobs', output: written },
    ],
    failures,
    took: `${Math.round(performance.now() - began)} ms`,
  };
}
