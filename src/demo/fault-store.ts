import type { Clock } from '../clock.js';
import type { Cycle } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import { answerOf } from './demo.js';
import type { DemoStore } from './demo-store.js';
import { ask, askHealth, CHARTS, type HealthSeen, neverAsked, type Seen } from './questions.js';
import { aligned } from './table.js';
import { answered, isFresh, wrongHealth, wrongWhenUnknown, wrongWhileAway } from './verdicts.js';

export interface StoreFaultOptions {
  url: string;
  store: Pick<DemoStore, 'words' | 'whileAway'>;
  adminToken: string;
  clock: Clock;
  print: (line: string) => void;
  signal: AbortSignal;
}

const AWAY_SECONDS = 7;
/** What is promised (README). */
const FRESH_WITHIN_MS = 5000;
/** Looked for so long, to say how long it really took. */
const LOOK_FOR_MS = 30_000;
const LOOK_EVERY_MS = 20;
const CYCLE_WITHIN_MS = 180_000;

/**
 * Shows what the api answers while its database is away, and after it has come back, and says
 * what was not as promised. True: nothing.
 *
 * @throws AppError `cancelled`; the database is back then, too.
 */
export async function showStoreFault(options: StoreFaultOptions): Promise<boolean> {
  const { clock, print, signal, store } = options;
  print('\nBefore the fault, as the dashboard asks:\n');
  const before = await askCharts(options);
  for (const line of answersTable(before)) print(line);
  print(`\n${store.words.goes} for ${AWAY_SECONDS} s:\n`);
  const wrong = before.flatMap((seen, n) =>
    isFresh(seen, seen) ? [] : [`before: ${CHARTS[n]?.name} answered ${answered(seen)}`],
  );
  wrong.push(...(await store.whileAway(() => watch(options, before))));
  const backMs = clock.monotonic();
  stopIfAsked(signal);
  print(`\n${store.words.isBack}:\n`);
  wrong.push(...(await freshAgain(options, before, backMs)));
  wrong.push(...(await nextCycle(options)));
  print('');
  for (const what of wrong) print(`WRONG  ${what}`);
  print(
    wrong.length === 0 ? 'The store fault: all as promised.' : 'The store fault: NOT as promised.',
  );
  return wrong.length === 0;
}

const askCharts = ({ url }: StoreFaultOptions) =>
  Promise.all(CHARTS.map((question) => ask(url, question)));

function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('cancelled', 'The demo was interrupted');
}

interface Look {
  charts: Seen[];
  unknown: Seen;
  health: HealthSeen;
}

/** A line a second. Answers what was wrong. */
async function watch(options: StoreFaultOptions, before: Seen[]): Promise<string[]> {
  const { clock, print, signal, url } = options;
  const began = clock.monotonic();
  const wrong: string[] = [];
  const looks: Look[] = [];
  print(row(['', ...CHARTS.map(({ name }) => name), 'never asked', '/health']));
  for (let second = 1; second <= AWAY_SECONDS; second += 1) {
    await clock.sleep(began + second * 1000 - clock.monotonic(), signal);
    if (signal.aborted) return wrong;
    const [charts, unknown, health] = await Promise.all([
      askCharts(options),
      ask(url, neverAsked(second)),
      askHealth(url),
    ]);
    const previous = looks.at(-1)?.charts ?? before;
    looks.push({ charts, unknown, health });
    const cells = [...charts.map(cell), cell(unknown), `${health.status} ${health.health}`];
    print(row([`${second} s`, ...cells]));
    wrong.push(...problems({ charts, unknown, health }, before, previous, `${second} s`));
  }
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined) return wrong;
  const { unknown, health } = last;
  print(`\nAge: seconds since the answer was last known to be right (X-Data-Stale: true).`);
  print(`Never asked: ${unknown.status}, Retry-After ${unknown.retryAfter}: ${unknown.detail}`);
  for (const { code, message } of health.causes) print(`Health: ${code}: ${message}`);
  return [...wrong, ...atLast(first, last)];
}

function problems(look: Look, before: Seen[], previous: Seen[], when: string): string[] {
  const unknown = wrongWhenUnknown(look.unknown);
  const charts = look.charts.flatMap((seen, n) => {
    const what = wrongWhileAway(seen, before[n] as Seen, previous[n] as Seen);
    return what === null ? [] : [`${when}: ${CHARTS[n]?.name}: ${what}`];
  });
  return unknown === null ? charts : [...charts, `${when}: never asked: ${unknown}`];
}

function atLast(first: Look, last: Look): string[] {
  const health = wrongHealth(last.health);
  const standing = CHARTS.filter(
    (_, n) => (last.charts[n]?.ageSeconds ?? 0) <= (first.charts[n]?.ageSeconds ?? 0),
  );
  return [
    ...standing.map(({ name }) => `${name}: its Age did not grow`),
    ...(health === null ? [] : [`/health answered ${health} and did not blame the database`]),
  ];
}

/** Each question until it is answered from the database again, the unanswered one included. */
async function freshAgain(
  options: StoreFaultOptions,
  before: Seen[],
  backMs: number,
): Promise<string[]> {
  const { clock, print, signal, url } = options;
  const questions = [...CHARTS, neverAsked(1)];
  const until = backMs + LOOK_FOR_MS;
  const found = await Promise.all(
    questions.map(async (question, n) => {
      for (;;) {
        const seen = await ask(url, question);
        const ms = Math.round(clock.monotonic() - backMs);
        if (isFresh(seen, before[n] ?? seen)) return { seen, ms };
        if (clock.monotonic() > until || signal.aborted) return { seen, ms: null };
        await clock.sleep(LOOK_EVERY_MS, signal);
      }
    }),
  );
  stopIfAsked(signal);
  const names = questions.map(({ name }) => name);
  const rows = found.map(({ seen, ms }, n) => [
    ...[names[n] ?? '', answered(seen), String(seen.figure ?? '')],
    ms === null ? 'never' : String(ms),
  ]);
  for (const line of aligned([['', 'status', 'figure', 'fresh after ms'], ...rows])) print(line);
  const slowest = Math.max(...found.map(({ ms }) => ms ?? Number.POSITIVE_INFINITY));
  if (slowest <= FRESH_WITHIN_MS) {
    print(`\nAll fresh ${slowest} ms after the database was back (promised: ${FRESH_WITHIN_MS}).`);
    return [];
  }
  const took = Number.isFinite(slowest) ? `after ${slowest} ms` : `not within ${LOOK_FOR_MS} ms`;
  return [`fresh again ${took}, promised within ${FRESH_WITHIN_MS}`];
}

/** One more collection, to show that it, too, needs nobody's help. */
async function nextCycle(options: StoreFaultOptions): Promise<string[]> {
  const { clock, print, signal, url } = options;
  const until = clock.monotonic() + CYCLE_WITHIN_MS;
  let id: string | null = null;
  print('Asking for another collection …');
  while (clock.monotonic() < until) {
    stopIfAsked(signal);
    id ??= await requestCycle(options);
    const cycles = (await answerOf<Cycle[]>(`${url}/api/v1/collections?limit=5`)) ?? [];
    const cycle = cycles.find((one) => one.id === id);
    if (cycle !== undefined && cycle.status !== 'running') {
      print(
        `cycle ${cycle.id}: ${cycle.status}, ${((cycle.duration_ms ?? 0) / 1000).toFixed(1)} s`,
      );
      return cycle.status === 'failed' ? ['the next collection failed'] : [];
    }
    await clock.sleep(250, signal);
  }
  return [`the next collection did not end within ${CYCLE_WITHIN_MS / 1000} s`];
}

/** Its id, or that of one that is under way; null when it could not be asked for. */
async function requestCycle({ url, adminToken }: StoreFaultOptions): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/api/v1/admin/collect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}` },
      signal: AbortSignal.timeout(5000),
    });
    return ((await answer.json()) as { cycle_id?: string }).cycle_id ?? null;
  } catch {
    return null;
  }
}

const WIDTHS = [4, ...CHARTS.map(() => 10), 11];

/** Printed as it comes, so the widths are not those of the cells. */
function row(cells: string[]): string {
  return cells
    .map((text, column) => text.padEnd(WIDTHS[column] ?? 0))
    .join('  ')
    .trimEnd();
}

function cell(seen: Seen): string {
  if (seen.status !== 200) return answered(seen);
  return seen.stale ? `200 Age ${seen.ageSeconds}` : '200 fresh';
}

function answersTable(answers: Seen[]): string[] {
  const rows = answers.map((seen, n) => [
    ...[CHARTS[n]?.path ?? '', answered(seen), String(seen.figure ?? '')],
    ...[seen.ageSeconds === null ? '-' : String(seen.ageSeconds), seen.stale ? 'stale' : 'fresh'],
  ]);
  return aligned([['route', 'status', 'figure', 'Age', ''], ...rows]);
}
