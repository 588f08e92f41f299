import test from 'ava';
import { CONTROLS } from '../support/cosmos-model/controls.js';
import type { Invariant } from '../support/cosmos-model/judge.js';
import { PROTOCOL, type Rules } from '../support/cosmos-model/rules.js';
import { type Outcome, runSchedule, traceOf } from '../support/cosmos-model/run.js';

/** Another number each day would find more; `npm run test:stability` plays many more of these. */
const SCHEDULES = 500;
const FIRST_SEED = 1;
/** Until one of them breaks. */
const CONTROL_SCHEDULES = 4000;
const LAST_STEPS = 60;

/** The first schedule that breaks the invariant, or any. */
function firstBroken(rules: Rules, schedules: number, breaks?: Invariant): Outcome | undefined {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + schedules; seed += 1) {
    const outcome = runSchedule(seed, rules);
    const broken = outcome.violation?.invariant;
    if (broken !== undefined && (breaks ?? broken) === broken) return outcome;
  }
  return undefined;
}

test(`the protocol keeps its promises in ${SCHEDULES} schedules`, (t) => {
  t.log(`seeds from ${FIRST_SEED}`);
  const broken = firstBroken(PROTOCOL, SCHEDULES);
  if (broken === undefined) return t.pass();
  for (const line of traceOf(broken.seed, PROTOCOL).slice(-LAST_STEPS)) t.log(line);
  return t.fail(`seed ${broken.seed}: ${broken.violation?.message}`);
});

for (const { name, rules, breaks } of CONTROLS) {
  test(`a schedule shows what goes wrong when ${name}`, (t) => {
    const broken = firstBroken(rules, CONTROL_SCHEDULES, breaks);
    t.log(`seed ${broken?.seed}: ${broken?.violation?.message}`);
    t.is(broken?.violation?.invariant, breaks);
  });
}

test('every rule has its control', (t) => {
  const rules = Object.keys(PROTOCOL) as (keyof Rules)[];
  t.deepEqual(
    rules.filter((rule) => !CONTROLS.some((control) => !control.rules[rule])),
    [],
  );
});

test('a schedule is decided by its seed', (t) => {
  t.deepEqual(traceOf(7, PROTOCOL), traceOf(7, PROTOCOL));
});
