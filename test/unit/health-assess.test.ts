import test from 'ava';
import {
  assess,
  freshnessMs,
  healthPolicy,
  type HealthStatus,
  type Observation,
} from '../../src/health/assess.js';
import { CAUSE_CODES, CAUSES, type CauseCode, causeOf, span } from '../../src/health/causes.js';
import type { HealthFacts } from '../../src/store/store.js';

const NOW = Date.parse('2026-01-15T12:00:00.000Z');
const MINUTE = 60_000;
const POLICY = healthPolicy(30 * MINUTE);

const ago = (ms: number) => new Date(NOW - ms).toISOString();

const FACTS: HealthFacts = {
  data_version: 7,
  last_collection_at: ago(5 * MINUTE),
  collections_succeeded: 10,
  collections_failed: 0,
  finished_24h: 10,
  failed_24h: 0,
  running_cycle: null,
  subreddits_failing: [],
  gaps_open: 0,
  paused: null,
  jobs: { at: ago(2000), holder: 'host:1:2:3', pid: 1, memory_mb: 80, runs_skipped: 0 },
};

function observation(
  facts: Partial<HealthFacts> = {},
  overrides: Partial<Observation> = {},
): Observation {
  return {
    nowMs: NOW,
    uptimeMs: 10 * 3_600_000,
    memoryMb: 100,
    collectionOn: true,
    connected: true,
    silence: { lastSuccessMs: 100, failure: null },
    facts: { ...FACTS, ...facts },
    ...overrides,
  };
}

type Case = [name: string, seen: Observation, status: HealthStatus, causes: CauseCode[]];

const stale = (ms: number) => observation({ last_collection_at: ago(ms) });
const memory = (memoryMb: number) => observation({}, { memoryMb });
const failed = (failed_24h: number, finished_24h: number) =>
  observation({ failed_24h, finished_24h });
const never = (uptimeMs: number) => observation({ last_collection_at: null }, { uptimeMs });
const silent = (ms: number, uptimeMs = 3_600_000) =>
  observation({ jobs: { ...FACTS.jobs!, at: ago(ms) } }, { uptimeMs });

const CASES: Case[] = [
  ['all well', observation(), 'healthy', []],

  ['freshness just below 45 min', stale(45 * MINUTE - 1), 'healthy', []],
  ['freshness at 45 min', stale(45 * MINUTE), 'healthy', []],
  ['freshness just over 45 min', stale(45 * MINUTE + 1), 'degraded', ['data_stale']],
  ['freshness just below 120 min', stale(120 * MINUTE - 1), 'degraded', ['data_stale']],
  ['freshness at 120 min', stale(120 * MINUTE), 'degraded', ['data_stale']],
  ['freshness just over 120 min', stale(120 * MINUTE + 1), 'unhealthy', ['data_stale']],

  ['memory just below 450 MB', memory(449.9), 'healthy', []],
  ['memory at 450 MB', memory(450), 'healthy', []],
  ['memory just over 450 MB', memory(450.1), 'degraded', ['memory_high']],
  ['memory just below 500 MB', memory(499.9), 'degraded', ['memory_high']],
  ['memory at 500 MB', memory(500), 'degraded', ['memory_high']],
  ['memory just over 500 MB', memory(500.1), 'unhealthy', ['memory_over_limit']],

  ['just below 10 % failed', failed(9, 91), 'healthy', []],
  ['10 % failed', failed(3, 30), 'healthy', []],
  ['just over 10 % failed', failed(10, 99), 'degraded', ['cycles_failing']],
  ['the only cycle failed', failed(1, 1), 'degraded', ['cycles_failing']],
  ['no cycle in 24 h', failed(0, 0), 'healthy', []],

  [
    'a subreddit failing',
    observation({ subreddits_failing: ['aws'] }),
    'degraded',
    ['subreddit_failing'],
  ],
  ['no gap', observation({ gaps_open: 0 }), 'healthy', []],
  ['an open gap', observation({ gaps_open: 1 }), 'degraded', ['gap_open']],

  ['never collected, just started', never(0), 'healthy', ['never_collected']],
  ['never collected, just below 45 min', never(45 * MINUTE - 1), 'healthy', ['never_collected']],
  ['never collected, at 45 min', never(45 * MINUTE), 'healthy', ['never_collected']],
  ['never collected, just over 45 min', never(45 * MINUTE + 1), 'degraded', ['never_collected']],
  ['never collected, just below 120 min', never(120 * MINUTE - 1), 'degraded', ['never_collected']],
  ['never collected, at 120 min', never(120 * MINUTE), 'degraded', ['never_collected']],
  ['never collected, just over 120 min', never(120 * MINUTE + 1), 'unhealthy', ['never_collected']],

  ['jobs silent just below 60 s', silent(59_999), 'healthy', []],
  ['jobs silent at 60 s', silent(60_000), 'healthy', []],
  ['jobs silent just over 60 s', silent(60_001), 'healthy', ['jobs_silent']],
  ['jobs silent, we are up for 60 s', silent(900_000, 60_000), 'healthy', []],
  ['jobs silent, we are up for longer', silent(900_000, 60_001), 'healthy', ['jobs_silent']],
  ['jobs never seen', observation({ jobs: null }), 'healthy', ['jobs_silent']],

  ['database away', observation({}, { connected: false }), 'unhealthy', ['database_unreachable']],
  [
    'database never reached',
    observation({}, { connected: false, facts: null }),
    'unhealthy',
    ['database_unreachable'],
  ],
  [
    'database away: what it last said is not judged',
    observation({ last_collection_at: ago(600 * MINUTE), gaps_open: 3 }, { connected: false }),
    'unhealthy',
    ['database_unreachable'],
  ],

  ['collection off', observation({}, { collectionOn: false }), 'healthy', ['collection_off']],
  [
    'collection off, old data with every trouble',
    observation(
      {
        last_collection_at: ago(9e9),
        failed_24h: 5,
        finished_24h: 5,
        subreddits_failing: ['aws'],
        gaps_open: 2,
      },
      { collectionOn: false },
    ),
    'healthy',
    ['collection_off'],
  ],
  [
    'paused, old data with every trouble, the runner silent',
    observation({
      paused: { since: ago(9e6), reason: 'moving' },
      last_collection_at: ago(9e9),
      failed_24h: 5,
      finished_24h: 5,
      subreddits_failing: ['aws'],
      gaps_open: 2,
      jobs: null,
    }),
    'healthy',
    ['collection_paused', 'jobs_silent'],
  ],
  [
    'collection off, never collected',
    observation({ last_collection_at: null }, { collectionOn: false }),
    'healthy',
    ['collection_off'],
  ],
  [
    'collection off, database away',
    observation({}, { collectionOn: false, connected: false }),
    'unhealthy',
    ['database_unreachable', 'collection_off'],
  ],
  [
    'collection off, memory over',
    observation({}, { collectionOn: false, memoryMb: 501 }),
    'unhealthy',
    ['memory_over_limit', 'collection_off'],
  ],

  [
    'the worst decides',
    observation({ last_collection_at: ago(46 * MINUTE), gaps_open: 1 }, { memoryMb: 501 }),
    'unhealthy',
    ['data_stale', 'gap_open', 'memory_over_limit'],
  ],
];

for (const [name, seen, status, causes] of CASES) {
  test(`${name}: ${status}`, (t) => {
    const result = assess(seen, POLICY);
    t.is(result.status, status);
    t.deepEqual(
      result.causes.map(({ code }) => code),
      causes,
    );
  });
}

test('the minutes follow the collection interval', (t) => {
  const policy = healthPolicy(10 * MINUTE);
  t.is(policy.staleDegradedMs, 15 * MINUTE);
  t.is(policy.staleUnhealthyMs, 40 * MINUTE);
  t.is(assess(stale(15 * MINUTE), policy).status, 'healthy');
  t.is(assess(stale(15 * MINUTE + 1), policy).status, 'degraded');
  t.is(assess(stale(40 * MINUTE + 1), policy).status, 'unhealthy');
});

test('severity goes with the status: critical is unhealthy, a warning degrades', (t) => {
  t.like(assess(stale(46 * MINUTE), POLICY).causes[0], { severity: 'warning' });
  t.like(assess(stale(121 * MINUTE), POLICY).causes[0], { severity: 'critical' });
  t.like(assess(never(MINUTE), POLICY).causes[0], { severity: 'info' });
});

test('only too much memory is helped by a restart', (t) => {
  const helped = CAUSE_CODES.filter((code) => CAUSES[code].restartWouldHelp);
  t.deepEqual(helped, ['memory_over_limit']);
});

test('every severity that occurs is one the list allows', (t) => {
  for (const [, seen] of CASES) {
    for (const { code, severity } of assess(seen, POLICY).causes) {
      t.true((CAUSES[code].severities as readonly string[]).includes(severity), code);
    }
  }
});

test('messages say how much and over what', (t) => {
  const [cause] = assess(stale(20 * 60 * MINUTE), POLICY).causes;
  t.is(
    cause?.message,
    'The last collection ended 20 h 0 min ago (2026-01-14T16:00:00.000Z), over the limit of 120 min',
  );
  t.is(
    causeOf('database_unreachable', 'critical', { lastSuccessMs: 61_000, failure: 'store_timeout' })
      .message,
    'The database does not answer (store_timeout); its last answer came 61 s ago',
  );
});

test('a clock that was set back does not make data fresher than now', (t) => {
  t.is(freshnessMs(NOW, ago(-5000)), 0);
  t.is(freshnessMs(NOW, null), null);
});

test('durations are told in the units that matter', (t) => {
  t.deepEqual(
    [0, 119_999, 120_000, 179 * MINUTE, 180 * MINUTE, 71 * 60 * MINUTE, 72 * 60 * MINUTE].map(span),
    ['0 s', '119 s', '2 min', '179 min', '3 h 0 min', '71 h 0 min', '3 d 0 h'],
  );
});
