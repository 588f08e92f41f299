import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { Charges } from '../support/cosmos-cost.js';
import { type CycleCost, costedCycles } from '../support/cosmos-cost-cycles.js';
import { idleRunnerCost } from '../support/cosmos-cost-runner.js';
import type { DashboardCost } from '../support/cosmos-cost-dashboard.js';

/**
 * `npm run bench -- cosmos [--json] [--small]`: request units by the model of the stand-in
 * (src/cosmos-account/charges.ts), of the real cycle, store and API over the SDK. Times are those of
 * a virtual clock, which stands still while anything is computed or sent. `--small` leaves out the
 * 1.2 million items, which take minutes and some GB.
 */
const BOUNDS = {
  throttled_errors: 0,
  throttled_minutes: 10,
  steady_share: 1 / 3,
  cached: 0,
  computed: 15,
};
/** What `cosmos:setup` gives both containers together unless told otherwise. */
const THROUGHPUT = 400;
const STEADY_AFTER = 6;
const INTERVAL_MS = 30 * 60_000;
const SMALL = 12_000;
const LARGE = 1_200_000;
const MAX_OLD_SPACE_MB = 10_000;
const WITHIN_MS = 30 * 60_000;

type Figures = Awaited<ReturnType<typeof measure>>;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    small: { type: 'boolean', default: false },
  },
});
const figures = await measure(values.small ? [SMALL] : [SMALL, LARGE]);
const checks = checksOf(figures);
const over = checks.filter(({ value, bound }) => value > bound).map(({ name }) => name);
process.stdout.write(
  values.json ? `${JSON.stringify({ ...figures, checks, over })}\n` : report(figures),
);
process.exitCode = over.length === 0 ? 0 : 1;

async function measure(volumes: readonly number[]) {
  const [first, steady] = await withReleases(async (t) => {
    const costed = await costedCycles(t, {});
    const begun = await costed.cycle();
    let last = begun;
    for (let n = 0; n < STEADY_AFTER; n += 1) {
      await costed.bench.pass(INTERVAL_MS);
      last = await costed.cycle();
    }
    return [begun, last] as const;
  });
  const throttled = await withReleases(async (t) =>
    (await costedCycles(t, { shared: THROUGHPUT })).cycle(),
  );
  const dashboards: DashboardCost[] = [];
  for (const items of volumes) dashboards.push(await dashboardOf(items));
  const runner_hour = await withReleases(idleRunnerCost);
  return { first, steady, throttled, dashboards, runner_hour };
}

type Teardown = { teardown: (release: () => unknown) => void };

async function withReleases<T>(work: (t: Teardown) => Promise<T>): Promise<T> {
  const releases: (() => unknown)[] = [];
  try {
    return await work({ teardown: (release) => void releases.push(release) });
  } finally {
    for (const release of releases.reverse()) await release();
  }
}

/** In a process of its own: a million documents take memory that ours has no need of. */
async function dashboardOf(items: number): Promise<DashboardCost> {
  const root = fileURLToPath(new URL('../support/dashboard-cost-root.js', import.meta.url));
  const args = [`--max-old-space-size=${MAX_OLD_SPACE_MB}`, root, String(items)];
  const run = promisify(execFile)(process.execPath, args, { timeout: WITHIN_MS });
  return JSON.parse((await run).stdout) as DashboardCost;
}

interface Check {
  name: string;
  value: number;
  bound: number;
}

function checksOf({
  steady,
  throttled,
  dashboards,
}: Pick<Figures, 'steady' | 'throttled' | 'dashboards'>): Check[] {
  const failures = throttled.errors + (throttled.status === 'succeeded' ? 0 : 1);
  return [
    { name: `errors at ${THROUGHPUT} RU/s`, value: failures, bound: BOUNDS.throttled_errors },
    {
      name: `minutes at ${THROUGHPUT} RU/s`,
      ...{ value: throttled.seconds / 60, bound: BOUNDS.throttled_minutes },
    },
    {
      name: 'steady cycle, share of upserting what it saw',
      ...{ value: steady.ru / steady.upsert_ru, bound: BOUNDS.steady_share },
    },
    ...dashboards.flatMap((one) => [
      { name: `page, cached, ${one.items} items`, value: one.cached, bound: BOUNDS.cached },
      ...(['new_minute', 'new_hour', 'after_cycle'] as const).map((state) => ({
        name: `page, ${state.replace('_', ' ')}, ${one.items} items`,
        ...{ value: one[state], bound: BOUNDS.computed },
      })),
    ]),
  ];
}

function line(what: string, value: string): string {
  return `${what.padEnd(48)}${value}\n`;
}

function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function report(all: Figures): string {
  return [
    ...checksOf(all).map(({ name, value, bound }) =>
      line(
        name,
        `${rounded(value)} of at most ${rounded(bound)}: ${value <= bound ? 'ok' : 'OVER'}`,
      ),
    ),
    ...cycleLines('first cycle', all.first),
    ...cycleLines('steady cycle', all.steady),
    line('\nidle runner', `${all.runner_hour} RU an hour`),
    ...all.dashboards.flatMap(dashboardLines),
  ].join('');
}

function cycleLines(
  name: string,
  { added, seen, requests, ru, upsert_ru, by }: CycleCost,
): string[] {
  return [
    line(`\n${name}`, `${rounded(ru)} RU, ${requests} requests`),
    line('  items seen and new', `${seen} and ${added}`),
    line('  upserting everything seen', `${upsert_ru} RU`),
    ...shapeLines(by),
  ];
}

function dashboardLines(cost: DashboardCost): string[] {
  const { items, start, first_page, following, ahead, idle_hour, by } = cost;
  const states = { start, first_page, following, ahead, idle_hour };
  return [
    line(`\nAPI, ${items} items`, ''),
    ...Object.entries(states).map(([name, ru]) => line(`  ${name.replace('_', ' ')}`, `${ru} RU`)),
    ...Object.entries(by).flatMap(([state, charges]) => [
      line(`  of ${state.replaceAll('_', ' ')}`, ''),
      ...shapeLines(charges),
    ]),
  ];
}

function shapeLines(by: Charges): string[] {
  return Object.entries(by).map(([shape, { requests, ru }]) =>
    line(`    ${shape}`, `${rounded(ru)} RU, ${requests} requests`),
  );
}
