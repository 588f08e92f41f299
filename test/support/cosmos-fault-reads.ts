import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/clock.js';
import type { Fault } from '../../src/cosmos-account/faults.js';
import type { CosmosAccount } from '../../src/cosmos-account/run.js';
import { type ApiProcess, startApi } from './api-process.js';
import { CHARTS, type Given, given } from './charts.js';
import { collectFrom, standingWorld } from './cosmos-cycles.js';
import type { RowEnd } from './cosmos-fault-cycles.js';
import { preparedAccount, settingsOf, type Teardown } from './cosmos-system.js';

export interface ReadRow {
  name: string;
  fault: Fault;
  /**
   * `away`: what was asked before is answered from memory as stale, the rest 503. `absorbed`: nobody
   * who asks notices. `partly`: some questions need what the fault befalls, and some do not.
   */
  must: 'away' | 'absorbed' | 'partly';
}

/** One API process on a filled account, over which all rows go. */
export interface ReadBench {
  account: CosmosAccount;
  api: ApiProcess;
  base: string;
  /** Resident memory of the process in MB, after each row. */
  memory: number[];
  /** Questions that nobody has asked. */
  asked: number;
}

/** An answer, an error included, is given within this by the issue. */
const ANSWER_MS = 2000;
/** The monitor's own: it stops waiting for `/health` much later, but nothing there waits for the store. */
const HEALTH_MS = 1000;
/** A check begins every 2 s and ends by the store's deadline of 1.5 s; the rest is for the machine. */
const HEALTH_SAYS_MS = 5000;
/** Every answer is of memory by then: what is known of the version counts for a second. */
const STALE_MS = 3500;
const FRESH_MS = 5000;
/** From the first sign in `/health` on, or the whole of it where there is none. */
const LASTS_MS = 1500;
const QUIET_MS = 4000;
const PAUSE_MS = 50;
const AGE_OF_WORLD_MS = 90 * 60_000;

const AWAY: Fault[] = [
  { kind: 'silent' },
  { kind: 'reset' },
  { kind: 'lost_reply' },
  { kind: '503' },
  { kind: '410' },
  { kind: '449' },
  { kind: '412' },
  { kind: '429', ms: 100 },
  { kind: '429', ms: 5000 },
  { kind: 'html' },
  { kind: 'empty500' },
  { kind: 'slow', ms: 5000 },
];
const ABSORBED: Fault[] = [
  { kind: 'slow', ms: 150 },
  { kind: '449', count: 3 },
  { kind: '410', count: 3 },
  { kind: '429', ms: 50, count: 3 },
  { kind: 'reset', count: 1 },
  // Reads write nothing, and ask for the containers at the start only.
  { kind: 'silent', operation: 'batch' },
  { kind: '412', operation: 'write' },
  { kind: 'silent', operation: 'metadata' },
];
const PARTLY: Fault[] = [
  { kind: 'silent', operation: 'read' },
  { kind: '503', operation: 'read' },
  { kind: 'silent', operation: 'query' },
  { kind: 'reset', operation: 'query' },
  { kind: 'html', operation: 'query' },
];

export function readRows(): ReadRow[] {
  const rowsOf = (must: ReadRow['must'], faults: Fault[]) =>
    faults.map((fault): ReadRow => ({ name: `reads: ${must}, ${wordsOf(fault)}`, fault, must }));
  return [...rowsOf('away', AWAY), ...rowsOf('absorbed', ABSORBED), ...rowsOf('partly', PARTLY)];
}

function wordsOf({ kind, operation = 'any', ms, count }: Fault): string {
  const each = [kind, ...(ms === undefined ? [] : [`${ms} ms`])];
  return [...each, operation, ...(count === undefined ? [] : [`${count} times`])].join(' ');
}

export async function readBench(t: Teardown): Promise<ReadBench> {
  const account = await preparedAccount(t);
  const filled = await collectFrom(t, account, standingWorld(systemClock.now() - AGE_OF_WORLD_MS), {
    id: 'filling',
  });
  if (filled.status !== 'succeeded') throw new Error(`the filling cycle ${filled.status}`);
  const api = startApi(t, settingsOf(account));
  const base = await api.listening;
  return { account, api, base, memory: [], asked: 0 };
}

/** What everybody saw while a fault lasted. */
interface Seen {
  failures: Set<string>;
  slowestMs: number;
  /** Since the fault began, when `/health` first said so, and all answers were stale; null: never. */
  saidMs: number | null;
  staleMs: number | null;
}

export async function runReadRow(bench: ReadBench, { fault, must }: ReadRow): Promise<RowEnd> {
  const { account, api, base } = bench;
  await recovered(base);
  const before = await charts(base);
  const seen: Seen = { failures: new Set(), slowestMs: 0, saidMs: null, staleMs: null };
  account.faults.add(fault);
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  const ends = () => (must === 'away' && seen.saidMs !== null ? seen.saidMs + LASTS_MS : QUIET_MS);
  while (since() < Math.min(ends(), HEALTH_SAYS_MS + LASTS_MS)) {
    await lookOnce(bench, before, must, seen, since);
    await systemClock.sleep(PAUSE_MS);
  }
  judgeWhole(must, seen);
  const { hits = 0 } = account.faults.list()[0] ?? {};
  account.faults.heal();
  const healed = await recovered(base).catch((error: unknown) => String(error));
  if (typeof healed === 'string') seen.failures.add(healed);
  if (api.child.exitCode !== null || api.child.signalCode !== null) seen.failures.add('it ended');
  bench.memory.push(residentMb(api));
  const said =
    seen.saidMs === null ? 'health saw nothing' : `health said so after ${seen.saidMs} ms`;
  const stale = seen.staleMs === null ? 'never all stale' : `all stale after ${seen.staleMs} ms`;
  return {
    came: `${stale}, slowest answer ${Math.round(seen.slowestMs)} ms, ${said}, fresh ${healed} ms after healing, ${hits} requests befallen`,
    failures: [...seen.failures],
  };
}

/** Everybody asks at once: the charts that are known, a question that nobody asked, and the probes. */
async function lookOnce(
  bench: ReadBench,
  before: Given[],
  must: ReadRow['must'],
  seen: Seen,
  since: () => number,
): Promise<void> {
  const { base } = bench;
  bench.asked += 1;
  const wasStale = seen.staleMs !== null;
  const [known, unknown] = await Promise.all([
    Promise.all(CHARTS.map((path) => timed(seen, path, ANSWER_MS, () => given(base, path)))),
    timed(seen, 'a new question', ANSWER_MS, () => given(base, newQuestion(bench.asked))),
    timed(seen, '/livez', HEALTH_MS, () => given(base, '/livez')).then((alive) => {
      if (alive?.status !== 200) seen.failures.add(`/livez: ${alive?.status}`);
    }),
    timed(seen, '/health', HEALTH_MS, () => given(base, '/health')).then((health) => {
      if (health?.body.includes('"database_unreachable"')) seen.saidMs ??= since();
    }),
  ]);
  for (const [n, answer] of known.entries()) judgeKnown(answer, before[n], must, seen, n);
  if (known.every((answer) => answer?.stale)) seen.staleMs ??= since();
  judgeUnknown(unknown, must, wasStale, seen);
}

/** Nobody has asked it of this process, which asks itself what dashboards begin with. */
const newQuestion = (n: number) => `/api/v1/sentiment/stats?subreddit=aws&hours=${1 + (n % 2000)}`;

function judgeKnown(
  answer: Given | null,
  before: Given | undefined,
  must: ReadRow['must'],
  seen: Seen,
  n: number,
): void {
  const fail = (what: string) => seen.failures.add(`${CHARTS[n]}: ${what}`);
  if (answer === null) return;
  if (answer.status !== 200) fail(`${answer.status}`);
  else if (countsOf(answer) !== countsOf(before)) fail('other counts than before');
  else if (answer.stale) {
    if (must === 'absorbed') fail('stale');
    if (answer.age === null) fail('stale without its age');
  } else if (must === 'away' && seen.staleMs !== null) fail('fresh after all were stale');
}

function judgeUnknown(
  answer: Given | null,
  must: ReadRow['must'],
  wasStale: boolean,
  seen: Seen,
): void {
  if (answer === null) return;
  const { status, retryAfter } = answer;
  if (status === 503) {
    if (must === 'absorbed') seen.failures.add('a new question: 503');
    if (!/^\d+$/.test(retryAfter ?? '')) seen.failures.add('a new question: 503, no Retry-After');
  } else if (status !== 200) seen.failures.add(`a new question: ${status}`);
  else if (must === 'away' && wasStale) seen.failures.add('a new question: 200 while away');
}

function judgeWhole(must: ReadRow['must'], { failures, saidMs, staleMs }: Seen): void {
  if (must === 'away') {
    if (saidMs === null || saidMs > HEALTH_SAYS_MS) failures.add(`health said so at ${saidMs} ms`);
    if (staleMs === null || staleMs > STALE_MS) failures.add(`all answers stale at ${staleMs} ms`);
  }
  if (must === 'absorbed' && saidMs !== null) failures.add(`health complained at ${saidMs} ms`);
}

async function timed(
  seen: Seen,
  what: string,
  withinMs: number,
  ask: () => Promise<Given>,
): Promise<Given | null> {
  const began = performance.now();
  try {
    const answer = await ask();
    const ms = performance.now() - began;
    seen.slowestMs = Math.max(seen.slowestMs, ms);
    if (ms > withinMs) seen.failures.add(`${what}: an answer after ${Math.round(ms)} ms`);
    return answer;
  } catch (error) {
    seen.failures.add(`${what}: ${String((error as Error).cause ?? error)}`);
    return null;
  }
}

const charts = (base: string) => Promise.all(CHARTS.map((path) => given(base, path)));

/** What an answer says, without what moves with the minute: times, and how the hours are cut. */
function countsOf(answer: Given | undefined): string {
  return (answer?.body.match(/"(total|posts|comments|id)":("[^"]*"|[1-9]\d*)/g) ?? []).join();
}

/** Until everything is answered from the store again; answers how long that took. */
async function recovered(base: string): Promise<number> {
  const began = performance.now();
  for (;;) {
    const answers = await charts(base);
    const health = await given(base, '/health');
    const ms = Math.round(performance.now() - began);
    const fresh = answers.every(({ status, stale }) => status === 200 && !stale);
    const connected = !health.body.includes('"database_unreachable"');
    if (fresh && connected) return ms;
    if (ms > FRESH_MS) {
      throw new Error(`${ms} ms after healing: fresh ${fresh}, health connected ${connected}`);
    }
    await systemClock.sleep(PAUSE_MS);
  }
}

/** Rows until V8 has found its size under constant reads, and what it may still add. */
const WARM_ROWS = 4;
const MEMORY_SLACK_MB = 20;

/** The process is as large after all faults as after the first ones. */
export function memoryRow({ memory }: ReadBench): RowEnd {
  const last = memory.at(-1) ?? 0;
  const settled = memory[WARM_ROWS - 1] ?? last;
  const grown = last > settled + MEMORY_SLACK_MB;
  return {
    came: `${memory.join(' ')} MB`,
    failures: grown ? [`${settled} MB became ${last}`] : [],
  };
}

/** From proc(5): VmRSS is in kB. */
function residentMb({ child }: ApiProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
