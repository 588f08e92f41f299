import test from 'ava';
import { explanationOf } from '../../monitor/rules/explain.js';
import { initialState, QUIET, type State, withWatch } from '../../monitor/rules/state.js';
import { failing, noRestart, type Verdict } from '../../monitor/rules/verdicts/verdict.js';
import { policy } from '../support/monitor-play.js';
import { observation } from '../support/observations.js';

/** Every kind of trouble that explains, or might be explained, as `subject cause`. */
const TROUBLES: readonly [subject: string, cause: string, level: Verdict['level']][] = [
  ['pm2', 'pm2_unreachable', 'error'],
  ['disk', 'disk_low', 'warn'],
  ['orphans', 'orphan', 'warn'],
  ['process.api', 'suspended', 'error'],
  ['process.api', 'exit_69', 'error'],
  ['process.jobs', 'suspended', 'error'],
  ['process.jobs', 'exit_69', 'error'],
  ['memory.api', 'memory_over_limit', 'error'],
  ['memory.jobs', 'memory_over_limit', 'error'],
  ['memory.monitor', 'memory_over_limit', 'error'],
  ['leak.api', 'leak', 'warn'],
  ['leak.jobs', 'leak', 'warn'],
  ['leak.monitor', 'leak', 'warn'],
  ['api', 'timeout', 'error'],
  ['api', 'database_unreachable', 'error'],
  ['api', 'memory_over_limit', 'error'],
  ['api', 'data_stale', 'error'],
  ['api.degraded', 'data_stale', 'warn'],
];

/** By hand: what each explains when both began together; with * also what begins long after it. */
const EXPLAINS: Record<string, readonly string[]> = {
  'pm2 pm2_unreachable': [
    ...['process.api suspended', 'process.api exit_69', 'process.jobs suspended'],
    ...['process.jobs exit_69', 'orphans orphan', 'api timeout'],
  ],
  'disk disk_low': ['api.degraded data_stale'],
  'process.api suspended': ['api timeout', 'memory.api memory_over_limit*', 'leak.api leak*'],
  'process.api exit_69': [
    ...['api timeout', 'memory.api memory_over_limit*', 'leak.api leak*', 'process.jobs exit_69'],
  ],
  'process.jobs suspended': [
    ...['api data_stale*', 'api.degraded data_stale*'],
    ...['memory.jobs memory_over_limit*', 'leak.jobs leak*'],
  ],
  'process.jobs exit_69': [
    ...['api data_stale*', 'api.degraded data_stale*'],
    ...['memory.jobs memory_over_limit*', 'leak.jobs leak*'],
  ],
  'memory.api memory_over_limit': ['api timeout', 'api memory_over_limit', 'leak.api leak*'],
  'memory.jobs memory_over_limit': [
    ...['api data_stale*', 'api.degraded data_stale*', 'leak.jobs leak*'],
  ],
  'memory.monitor memory_over_limit': ['leak.monitor leak*'],
  'api database_unreachable': ['process.api exit_69', 'process.jobs exit_69'],
};

const verdicts = TROUBLES.map(([subject, cause, level]) =>
  failing({ subject, process: null, level }, { cause, what: cause, remedy: noRestart('') }),
);
const nameOf = ({ subject, cause }: Verdict) => `${subject} ${cause}`;
const moment = (at: number) => ({ at, time: '2026-01-15T12:00:00.000Z' });

/** Names of what `by` explains when the other began so much later. */
function explained(by: Verdict, laterMs: number): string[] {
  const began = (state: State, { subject }: Verdict, at: number) =>
    withWatch(state, subject, { ...QUIET, since: moment(at) });
  return verdicts
    .filter((of) => of.subject !== by.subject)
    .filter((of) => {
      const state = began(began(initialState(0, policy), by, 0), of, laterMs);
      const now = moment(laterMs);
      const view = { observation: observation(laterMs), state, policy, now, all: [by, of] };
      return explanationOf(of, view) === by;
    })
    .map(nameOf)
    .sort();
}

for (const by of verdicts) {
  test(`${nameOf(by)} explains what it says, and nothing else`, (t) => {
    const expected = EXPLAINS[nameOf(by)] ?? [];
    const lasting = expected.filter((name) => name.endsWith('*'));
    const plain = (names: readonly string[]) => names.map((name) => name.replace('*', '')).sort();
    t.deepEqual(explained(by, 0), plain(expected));
    t.deepEqual(explained(by, policy.reminderMs), plain(lasting));
  });
}
