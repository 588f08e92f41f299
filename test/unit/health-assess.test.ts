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

interface Case {
  name: string;
  seen: Observation;
  status: HealthStatus;
  causes: CauseCode[];
}

const stale = (ms: number) => observation({ last_collection_at: ago(ms) });
const memory = (memoryMb: number) => observation({}, { memoryMb });
const failed = (failed_24h: number, finished_24h: number) =>
  observation({ failed_24h, finished_24h });
const never = (uptimeMs: number) => observation({ last_collection_at: null }, { uptimeMs });
const silent = (ms: number, uptimeMs = 3_600_000) =>
  observation({ jobs: { ...FACTS.jobs!, at: ago(ms) } }, { uptimeMs });

const CASES: Case[] = [
  { name: 'all well', seen: observation(), status: 'healthy', causes: [] },

  {
    name: 'freshness just below 45 min',
    seen: stale(45 * MINUTE - 1),
    status: 'healthy',
    causes: [],
  },
  { name: 'freshness at 45 min', seen: stale(45 * MINUTE), status: 'healthy', causes: [] },
  {
    name: 'freshness just over 45 min',
    seen: stale(45 * MINUTE + 1),
    status: 'degraded',
    causes: ['data_stale'],
  },
  {
    name: 'freshness just below 120 min',
    seen: stale(120 * MINUTE - 1),
    status: 'degraded',
    causes: ['data_stale'],
  },
  {
    name: 'freshness at 120 min',
    seen: stale(120 * MINUTE),
    status: 'degraded',
    causes: ['data_stale'],
  },
  {
    name: 'freshness just over 120 min',
    seen: stale(120 * MINUTE + 1),
    status: 'unhealthy',
    causes: ['data_stale'],
  },

  { name: 'memory just below 450 MB', seen: memory(449.9), status: 'healthy', causes: [] },
  { name: 'memory at 450 MB', seen: memory(450), status: 'healthy', causes: [] },
  {
    name: 'memory just over 450 MB',
    seen: memory(450.1),
    status: 'degraded',
    causes: ['memory_high'],
  },
  {
    name: 'memory just below 500 MB',
    seen: memory(499.9),
    status: 'degraded',
    causes: ['memory_high'],
  },
  { name: 'memory at 500 MB', seen: memory(500), status: 'degraded', causes: ['memory_high'] },
  {
    name: 'memory just over 500 MB',
    seen: memory(500.1),
    status: 'unhealthy',
    causes: ['memory_over_limit'],
  },

  { name: 'just below 10 % failed', seen: failed(9, 91), status: 'healthy', causes: [] },
  { name: '10 % failed', seen: failed(3, 30), status: 'healthy', causes: [] },
  {
    name: 'just over 10 % failed',
    seen: failed(10, 99),
    status: 'degraded',
    causes: ['cycles_failing'],
  },
  {
    name: 'the only cycle failed',
    seen: failed(1, 1),
    status: 'degraded',
    causes: ['cycles_failing'],
  },
  { name: 'no cycle in 24 h', seen: failed(0, 0), status: 'healthy', causes: [] },

  {
    name: 'a subreddit failing',
    seen: observation({ subreddits_failing: ['aws'] }),
    status: 'degraded',
    causes: ['subreddit_failing'],
  },
  { name: 'no gap', seen: observation({ gaps_open: 0 }), status: 'healthy', causes: [] },
  {
    name: 'an open gap',
    seen: observation({ gaps_open: 1 }),
    status: 'degraded',
    causes: ['gap_open'],
  },

  {
    name: 'never collected, just started',
    seen: never(0),
    status: 'healthy',
    causes: ['never_collected'],
  },
  {
    name: 'never collected, just below 45 min',
    seen: never(45 * MINUTE - 1),
    status: 'healthy',
    causes: ['never_collected'],
  },
  {
    name: 'never collected, at 45 min',
    seen: never(45 * MINUTE),
    status: 'healthy',
    causes: ['never_collected'],
  },
  {
    name: 'never collected, just over 45 min',
    seen: never(45 * MINUTE + 1),
    status: 'degraded',
    causes: ['never_collected'],
  },
  {
    name: 'never collected, just below 120 min',
    seen: never(120 * MINUTE - 1),
    status: 'degraded',
    causes: ['never_collected'],
  },
  {
    name: 'never collected, at 120 min',
    seen: never(120 * MINUTE),
    status: 'degraded',
    causes: ['never_collected'],
  },
  {
    name: 'never collected, just over 120 min',
    seen: never(120 * MINUTE + 1),
    status: 'unhealthy',
    causes: ['never_collected'],
  },

  { name: 'jobs silent just below 60 s', seen: silent(59_999), status: 'healthy', causes: [] },
  { name: 'jobs silent at 60 s', seen: silent(60_000), status: 'healthy', causes: [] },
  {
    name: 'jobs silent just over 60 s',
    seen: silent(60_001),
    status: 'healthy',
    causes: ['jobs_silent'],
  },
  {
    name: 'jobs silent, we are up for 60 s',
    seen: silent(900_000, 60_000),
    status: 'healthy',
    causes: [],
  },
  {
    name: 'jobs silent, we are up for longer',
    seen: silent(900_000, 60_001),
    status: 'healthy',
    causes: ['jobs_silent'],
  },
  {
    name: 'jobs never seen',
    seen: observation({ jobs: null }),
    status: 'healthy',
    causes: ['jobs_silent'],
  },

  {
    name: 'database away',
    seen: observation({}, { connected: false }),
    status: 'unhealthy',
    causes: ['database_unreachable'],
  },
  {
    name: 'database never reached',
    seen: observation({}, { connected: false, facts: null }),
    status: 'unhealthy',
    causes: ['database_unreachable'],
  },
  {
    name: 'database away: what it last said is not judged',
    seen: observation(
      { last_collection_at: ago(600 * MINUTE), gaps_open: 3 },
      { connected: false },
    ),
    status: 'unhealthy',
    causes: ['database_unreachable'],
  },

  {
    name: 'collection off',
    seen: observation({}, { collectionOn: false }),
    status: 'healthy',
    causes: ['collection_off'],
  },
  {
    name: 'collection off, old data with every trouble',
    seen: observation(
      {
        last_collection_at: ago(9e9),
        failed_24h: 5,
        finished_24h: 5,
        subreddits_failing: ['aws'],
        gaps_open: 2,
      },
      { collectionOn: false },
    ),
    status: 'healthy',
    causes: ['collection_off'],
  },
  {
    name: 'collection off, never collected',
    seen: observation({ last_collection_at: null }, { collectionOn: false }),
    status: 'healthy',
    causes: ['collection_off'],
  },
  {
    name: 'collection off, database away',
    seen: observation({}, { collectionOn: false, connected: false }),
    status: 'unhealthy',
    causes: ['database_unreachable', 'collection_off'],
  },
  {
    name: 'collection off, memory over',
    seen: observation({}, { collectionOn: false, memoryMb: 501 }),
    status: 'unhealthy',
    causes: ['memory_over_limit', 'collection_off'],
  },

  {
    name: 'the worst decides',
    seen: observation({ last_collection_at: ago(46 * MINUTE), gaps_open: 1 }, { memoryMb: 501 }),
    status: 'unhealthy',
    causes: ['data_stale', 'gap_open', 'memory_over_limit'],
  },
];

for (const { name, seen, status, causes } of CASES) {
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
  for (const { seen } of CASES) {
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
