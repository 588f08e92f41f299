import test, { type ExecutionContext } from 'ava';
import { CONTROLS, LENIENT } from '../support/cosmos-model/controls.js';
import type { Invariant } from '../support/cosmos-model/judge.js';
import { PROTOCOL, type Rules } from '../support/cosmos-model/rules.js';
import { type Outcome, runSchedule, traceOf } from '../support/cosmos-model/run.js';

/** `test/stability/cosmos-model.ts` plays many more. */
const SCHEDULES = 500;
const FIRST_SEED = 1;
/** Of which one has to show what the missing rule is for. */
const CONTROL_SCHEDULES = 4000;
const LAST_STEPS = 60;

/** The first schedule that breaks the invariant, or any. */
function firstBroken(
  rules: Rules,
  schedules: number,
  { breaks, forgives = [] }: { breaks?: Invariant; forgives?: readonly Invariant[] } = {},
): Outcome | undefined {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + schedules; seed += 1) {
    const outcome = runSchedule(seed, rules, { forgives });
    const broken = outcome.violation?.invariant;
    if (broken !== undefined && (breaks ?? broken) === broken) return outcome;
  }
  return undefined;
}

test(`the protocol keeps its promises in ${SCHEDULES} schedules`, keepsPromises, PROTOCOL);

test('one that says less keeps all but some', keepsPromises, LENIENT.rules, LENIENT.forgives);

function keepsPromises(t: ExecutionContext, rules: Rules, forgives: readonly Invariant[] = []) {
  t.log(`seeds from ${FIRST_SEED}`);
  const broken = firstBroken(rules, SCHEDULES, { forgives });
  if (broken === undefined) return t.pass();
  for (const line of traceOf(broken.seed, rules, { forgives }).slice(-LAST_STEPS)) t.log(line);
  return t.fail(`seed ${broken.seed}: ${broken.violation?.message}`);
}

for (const { name, rules, breaks } of CONTROLS) {
  test(`a schedule shows what goes wrong when ${name}`, (t) => {
    const broken = firstBroken(rules, CONTROL_SCHEDULES, { breaks });
    t.log(`seed ${broken?.seed}: ${broken?.violation?.message}`);
    t.is(broken?.violation?.invariant, breaks);
  });
}

test('every rule has its control', (t) => {
  const rules = Object.keys(PROTOCOL) as (keyof Rules)[];
  t.deepEqual(
    rules.filter((rule) => PROTOCOL[rule] && !CONTROLS.some((control) => !control.rules[rule])),
    [],
  );
});

test('a schedule is decided by its seed', (t) => {
  t.deepEqual(traceOf(7, PROTOCOL), traceOf(7, PROTOCOL));
});
