import { PROTOCOL } from '../support/cosmos-model/rules.js';
import { runSchedule, traceOf } from '../support/cosmos-model/run.js';

/**
 * The model of the protocol on Cosmos (test/support/cosmos-model/) over many schedules:
 * `node dist/test/stability/cosmos-model.js [COUNT] [FIRST_SEED]`. Prints the steps of the first
 * schedules that break it.
 */
const COUNT = Number(process.argv[2] ?? 20_000);
const FIRST_SEED = Number(process.argv[3] ?? 1);
const MOST_TRACES = 1;
const PROGRESS_EVERY = 5000;

const print = (line: string) => process.stdout.write(`${line}\n`);
let kept = 0;
let traces = 0;
let steps = 0;
const began = performance.now();
for (let seed = FIRST_SEED; seed < FIRST_SEED + COUNT; seed += 1) {
  const outcome = runSchedule(seed, PROTOCOL);
  steps += outcome.steps;
  const { violation } = outcome;
  if (violation === undefined) kept += 1;
  else {
    traces += 1;
    if (traces <= MOST_TRACES) for (const line of traceOf(seed, PROTOCOL)) print(line);
    print(`FAILED seed ${seed}: ${violation.invariant}: ${violation.message}`);
  }
  const done = seed - FIRST_SEED + 1;
  const seconds = Math.round((performance.now() - began) / 1000);
  if (done % PROGRESS_EVERY === 0) print(`${done} schedules, ${steps} steps, ${seconds} s`);
}
process.exitCode = kept === COUNT ? 0 : 1;
print(`${kept} of ${COUNT} schedules kept`);
