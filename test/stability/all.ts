import { spawn } from 'node:child_process';
import { inLanes } from '../support/lanes.js';

/**
 * All of `npm run test:stability`, whatever one of them came to: a run of half an hour should
 * tell of every failure, not of the first. What mostly waits runs beside what computes, and what waits
 * for Reddit's pace beside all of it. Each suite is printed whole at its end.
 */
const AVA = ['node_modules/ava/entrypoints/cli.mjs', '--serial', '--concurrency', '1'];
/** Twice what the longest takes on a busy machine: one that hangs must not keep the others' results. */
const SUITE_WITHIN_MS = 40 * 60_000;
/** What a failed suite left behind may hold its output open. */
const LEFT_BEHIND_MS = 5000;
const program = (name: string, ...args: string[]) => [`dist/test/stability/${name}.js`, ...args];
type Suites = readonly string[][];

/** Waits for Reddit's pace, to the end of everything. */
const PACED: Suites = [program('system')];
/** On a clock of their own, or without any bound that a busy machine comes near. */
const COMPUTING: Suites = [
  program('crashes'),
  program('cosmos-crashes', '--step', '3'),
  program('cosmos-model', '5000'),
  program('faults'),
  // Two that found faults: posts that no listing reached, and a comment that was counted before it showed.
  program('week', '1', '3'),
  program('week', '1', '5'),
];
/** Leases, deadlines, restarts: real time. */
const WAITING: Suites = [
  program('two-runners'),
  program('cosmos-two-by-two'),
  program('cosmos-faults'),
  [...AVA, '--timeout', '200s', 'test/stability/**/*.test.ts'],
];
/** Whole systems under PM2, three at a time, each with seconds in which something must be told. */
const SENSITIVE: Suites = [program('monitor')];

const began = performance.now();
const paced = inLanes(1, PACED, conclude);
await Promise.all([COMPUTING, WAITING].map((suites) => inLanes(1, suites, conclude)));
await inLanes(1, SENSITIVE, conclude);
await paced;

async function conclude(suite: readonly string[]): Promise<void> {
  const since = performance.now();
  process.stdout.write(`-- begins at ${minutes(began)}: ${suite.join(' ')}\n`);
  const { code, output } = await run(suite);
  const end = code === 0 ? 'ended' : 'failed';
  process.stdout.write(
    `-- ${suite.join(' ')}\n${output}-- ${end} after ${minutes(since)} min, at ${minutes(began)}: ${suite.join(' ')}\n`,
  );
  if (code !== 0) process.exitCode = 1;
}

function run(suite: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, suite, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: SUITE_WITHIN_MS,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => void (output += text));
    }
    child.once('exit', () => {
      const letGo = () => [child.stdout, child.stderr].map((stream) => stream.destroy());
      setTimeout(letGo, LEFT_BEHIND_MS).unref();
    });
    child.once('close', (code) => void resolve({ code: code ?? 1, output }));
  });
}

function minutes(since: number): string {
  return ((performance.now() - since) / 60_000).toFixed(1);
}
