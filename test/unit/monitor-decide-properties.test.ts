import test from 'ava';
import fc from 'fast-check';
import type { Action } from '../../monitor/rules/action.js';
import { decide } from '../../monitor/rules/decide.js';
import type { Policy } from '../../monitor/rules/policy.js';
import { initialState, type State } from '../../monitor/rules/state.js';
import type { Observation, Outcome, ProcessSample } from '../../monitor/observe/observation.js';
import { policy as defaults } from '../support/monitor-play.js';
import { answered, managed, noAnswer, observation } from '../support/observations.js';

const policies: fc.Arbitrary<Policy> = fc
  .record({
    failures: fc.integer({ min: 1, max: 4 }),
    recoveries: fc.integer({ min: 1, max: 3 }),
    graceMs: fc.constantFrom(0, 10_000, 30_000),
    maxRestarts: fc.integer({ min: 0, max: 3 }),
    restartWindowMs: fc.constantFrom(60_000, 900_000),
  })
  .map((changes) => ({ ...defaults, ...changes }));

const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(answered()) },
  fc.constant(answered('degraded', [{ code: 'gap_open' }])),
  fc.constant(answered('unhealthy', [{ code: 'database_unreachable' }])),
  fc.constant(answered('unhealthy', [{ code: 'memory_over_limit', restartWouldHelp: true }])),
  {
    weight: 5,
    arbitrary: fc
      .constantFrom('timeout', 'refused', 'broken', 'server_error', 'foreign')
      .map((reason) => noAnswer(reason as 'timeout')),
  },
);

const entry = (name: string): fc.Arbitrary<ProcessSample> =>
  fc
    .record({
      pid: fc.constantFrom(0, 100, 100, 100, 101),
      status: fc.constantFrom(
        'online',
        'online',
        'online',
        'waiting restart',
        'stopped',
        'errored',
      ),
      exitCode: fc.constantFrom(null, 0, 1, 69, 78),
      upMs: fc.constantFrom(null, 0, 20_000, 3_600_000),
      memoryMb: fc.constantFrom(null, 90, 90, 600),
      life: fc.constantFrom('running', 'running', 'running', 'suspended', 'gone', 'unknown'),
      restarts: fc.integer({ min: 0, max: 5 }),
    })
    .map((changes) => managed(name, changes));

interface Step {
  outcome: Outcome;
  processes: ProcessSample[] | null;
  /** Runs of the same trouble, or nothing would ever last long enough to act on. */
  repeat: number;
  everyMs: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    outcome: outcomes,
    processes: fc.option(fc.tuple(entry('api'), entry('jobs')), { freq: 8 }),
    repeat: fc.integer({ min: 1, max: 8 }),
    everyMs: fc.constantFrom(1000, 15_000, 60_000),
  }),
  { maxLength: 40 },
);

interface Played {
  seen: Observation;
  actions: Action[];
  state: State;
}

function play(history: Step[], policy: Policy): Played[] {
  let state = initialState(0, policy);
  let at = 0;
  return history.flatMap(({ outcome, processes, repeat, everyMs }) =>
    Array.from({ length: repeat }, () => {
      at += everyMs;
      const seen = observation(at, outcome, processes);
      const decision = decide(state, seen, policy);
      state = decision.state;
      return { seen, actions: decision.actions, state };
    }),
  );
}

const restartsOf = ({ actions }: Played, process: string) =>
  actions.filter((one) => one.kind === 'restart' && one.process === process).length;

const holds = (check: (played: Played[], policy: Policy) => boolean): void =>
  fc.assert(
    fc.property(steps, policies, (history, policy) => check(play(history, policy), policy)),
    { numRuns: 200 },
  );

test('never more restarts of a process than the budget in any window', (t) => {
  holds((played, { maxRestarts, restartWindowMs }) =>
    ['api', 'jobs'].every((process) =>
      played.every(({ seen }, start) => {
        const window = played.slice(start).filter((one) => one.seen.at < seen.at + restartWindowMs);
        return window.reduce((sum, one) => sum + restartsOf(one, process), 0) <= maxRestarts;
      }),
    ),
  );
  t.pass();
});

test('never a restart of the api when its causes say that it would not help', (t) => {
  holds((played) =>
    played.every((one) => {
      const { outcome } = one.seen;
      const says = outcome.kind === 'answered' && outcome.status === 'unhealthy';
      const blocked = says && outcome.causes.some((cause) => !cause.restartWouldHelp);
      return !blocked || restartsOf(one, 'api') === 0;
    }),
  );
  t.pass();
});

const apiInOrder = ({ outcome, supervisor }: Observation): boolean =>
  outcome.kind === 'answered' &&
  outcome.status !== 'unhealthy' &&
  supervisor.reachable &&
  supervisor.processes.every(
    (one) =>
      one.name !== 'api' ||
      ((one.memoryMb ?? 0) <= 500 &&
        ['running', 'unknown'].includes(one.life) &&
        one.status === 'online' &&
        one.pid > 0),
  );

test('no restart of the api before as many failures in a row as the policy wants', (t) => {
  holds((played, { failures }) =>
    played.every((one, index) => {
      if (restartsOf(one, 'api') === 0) return true;
      const last = played.slice(Math.max(0, index + 1 - failures), index + 1);
      return last.length === failures && last.every(({ seen }) => !apiInOrder(seen));
    }),
  );
  t.pass();
});

test('no restart while the monitor or the process is in its grace', (t) => {
  holds((played, { graceMs }) => {
    const at = (one: Played) => one.seen.at;
    const restarts = played.filter((one) => restartsOf(one, 'api') > 0);
    return restarts.every(
      (one, index) =>
        at(one) >= graceMs && (index === 0 || at(one) - at(restarts[index - 1] ?? one) >= graceMs),
    );
  });
  t.pass();
});

test('each incident is opened by one notice, escalated at most once, and closed at most once', (t) => {
  holds((played) => {
    const notices = played.flatMap(({ actions }) =>
      actions.flatMap((one) => (one.kind === 'notify' ? [one.notice] : [])),
    );
    const ids = new Set(notices.map((one) => one.incident));
    return [...ids].every((id) => {
      const kinds = notices.filter((one) => one.incident === id).map((one) => one.kind);
      return /^(alert|warning|escalation|alert( reminder)* escalation)( reminder)*( recovery)?$|^warning( reminder)*( recovery)?$|^alert( reminder)*( recovery)?$/.test(
        kinds.join(' '),
      );
    });
  });
  t.pass();
});

test('each incident is opened once in the journal, closed at most once, and told once at a time', (t) => {
  holds((played) => {
    const open = new Set<string>();
    const told = new Set<string>();
    const closed = new Set<string>();
    for (const action of played.flatMap(({ actions }) => actions)) {
      if (action.kind === 'notify') {
        const { incident, kind } = action.notice;
        const opens = kind === 'alert' || kind === 'warning';
        if (!open.has(incident) || (opens && told.has(incident))) return false;
        told.add(incident);
      }
      if (action.kind !== 'record') continue;
      const { incident, event } = action.entry;
      if (event === 'opened' && (open.has(incident) || closed.has(incident))) return false;
      if (event === 'opened') open.add(incident);
      if (event === 'closed' && !open.delete(incident)) return false;
      if (event === 'closed') closed.add(incident);
    }
    return true;
  });
  t.pass();
});

test('a quarter of an hour in order leaves no incident open: each closes, or was escalated before', (t) => {
  holds((played, policy) => {
    let state = played.at(-1)?.state ?? initialState(0, policy);
    const from = played.at(-1)?.seen.at ?? 0;
    for (let turn = 1; turn <= 60; turn += 1) {
      state = decide(state, observation(from + turn * 15_000), policy).state;
    }
    return Object.values(state.watches).every((watch) => watch.incident === null);
  });
  t.pass();
});
