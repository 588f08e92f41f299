import { spawn } from 'node:child_process';

/**
 * All of `npm run test:stability`, whatever one of them came to: a run of most of an hour should
 * tell of every failure, not of the first. What mostly waits for Reddit's pace runs beside the
 * others, and is printed at its end.
 */
const AVA = ['node_modules/ava/entrypoints/cli.mjs', '--serial', '--concurrency', '1'];
const program = (name: string, ...args: string[]) => [`dist/test/stability/${name}.js`, ...args];

const WAITING = program('system');
const SUITES: readonly string[][] = [
  program('crashes'),
  program('two-runners'),
  program('cosmos-model'),
  [...AVA, '--timeout', '200s', 'test/stability/**/*.test.ts'],
  program('faults'),
  program('monitor'),
  // Two that found faults: posts that no listing reached, and a comment that was counted before it showed.
  program('week', '1', '3'),
  program('week', '1', '5'),
];

const began = performance.now();
const waiting = run(WAITING, 'pipe');
for (const suite of SUITES) {
  process.stdout.write(`-- ${suite.join(' ')}\n`);
  conclude(suite, await run(suite, 'inherit'));
}
const last = await waiting;
process.stdout.write(`-- ${WAITING.join(' ')}\n${last.output}`);
conclude(WAITING, last);

interface End {
  code: number;
  output: string;
}

function run(suite: readonly string[], stdio: 'inherit' | 'pipe'): Promise<End> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, suite, { stdio: ['ignore', stdio, stdio] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => void (output += text));
    }
    child.once('close', (code) => void resolve({ code: code ?? 1, output }));
  });
}

function conclude(suite: readonly string[], { code }: End): void {
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  const end = code === 0 ? 'ended' : 'failed';
  process.stdout.write(`-- ${end} after ${minutes} min: ${suite.join(' ')}\n`);
  if (code !== 0) process.exitCode = 1;
}
