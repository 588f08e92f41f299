import { systemClock } from '../../src/clock.js';
import { type Bed, INTERVAL_MS } from './monitor-bed.js';
import { must, type Row } from './monitor-rows.js';
import type { Telling } from './monitor-telling.js';
import { eventually } from './pm2.js';
import type { Manner } from './webhook-receiver.js';

const FLAPPING = { status: 'unhealthy', causes: [{ code: 'flapping', severity: 'critical' }] };
const FLAPPING_MS = 20_000;
const FLAPPING_INTERVAL_MS = 100;

/** Never bad for long enough, never good for long enough: one incident, not one for each turn. */
const flapping: Row = {
  name: 'health that turns with each probe',
  options: {
    proxy: true,
    env: { MONITOR_INTERVAL_SECONDS: String(FLAPPING_INTERVAL_MS / 1000) },
  },
  async run({ proxy }, telling) {
    const before = proxy?.asked().length ?? 0;
    proxy?.lie((question) => (question % 2 === 0 ? FLAPPING : null));
    await systemClock.sleep(FLAPPING_MS);
    proxy?.lie(null);
    const turns = (proxy?.asked().length ?? 0) - before;
    must(turns > 20, `only ${turns} probes`);
    const opened = telling
      .notices()
      .filter(({ kind }) => kind !== 'recovery' && kind !== 'reminder');
    must(opened.length === 1, `${opened.length} notices opened incidents`);
    const [first] = opened;
    must(first?.cause === 'flapping', `told for ${first?.cause}`);
    return {
      told: { api: ['alert', 'recovery'] },
      figures: `${turns} probes`,
    };
  },
};

/** The receiver is ill while an alert is due; the alert comes once when it is well. */
const MANNERS: Record<string, Manner> = {
  hangs: 'hangs',
  'answers 500': 500,
  redirects: { redirect: '/elsewhere' },
};
/** What a busy machine may add to the pause between two probes. */
const SLACK_MS = 3000;

const illWebhook: Row = {
  name: 'webhook that hangs, answers 500, redirects',
  options: { proxy: true },
  async run(bed, telling) {
    const worst: number[] = [];
    for (const [index, manner] of Object.values(MANNERS).entries()) {
      bed.webhook.behave(manner);
      worst.push(await throughAnAlert(bed, telling, index));
    }
    const longestMs = Math.max(...worst);
    must(longestMs <= 2 * INTERVAL_MS + SLACK_MS, `a pause of ${longestMs} ms between two probes`);
    const times = Object.keys(MANNERS).length;
    return {
      told: {
        'process.jobs': Array.from({ length: times }, () => ['alert', 'recovery'] as const).flat(),
      },
      figures: `longest pause between probes ${longestMs} ms`,
    };
  },
};

/** @returns the longest pause between two probes meanwhile. */
async function throughAnAlert(bed: Bed, telling: Telling, index: number): Promise<number> {
  const began = Date.now();
  const count = (kind: string) => telling.notices().filter((one) => one.kind === kind).length;
  const attempts = bed.webhook.attempts().length;
  await bed.pm2('stop', 'jobs');
  await eventually('an alert in the log', () => count('alert') === index + 1);
  await eventually('an attempt', () => bed.webhook.attempts().length > attempts);
  await systemClock.sleep(10 * INTERVAL_MS);
  const held = bed.webhook.accepted().filter(({ kind }) => kind === 'alert').length;
  const paths = new Set(bed.webhook.attempts().map(({ path }) => path));
  must(paths.size === 1, `it was led to ${[...paths].join(', ')}`);
  must(held === index, 'it was delivered to a receiver that is ill');
  bed.webhook.behave(204);
  await bed.pm2('start', 'jobs');
  await eventually(
    'the alert and its recovery',
    () => bed.webhook.accepted().length === 2 * (index + 1),
    60_000,
  );
  const asked = bed.proxy?.asked().filter((at) => at >= began) ?? [];
  return Math.max(...asked.slice(1).map((at, n) => at - (asked[n] ?? at)));
}

export const CHANNEL_ROWS: Row[] = [flapping, illWebhook];
