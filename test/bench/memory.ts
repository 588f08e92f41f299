import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../src/clock.js';

/**
 * Resident memory of the real API under light load, for the rule on leaks: `node
 * dist/test/bench/memory.js MINUTES FILE`. Generates a store, starts the API on it, asks three
 * questions a second and writes one figure for each second, in MB, as JSON.
 */
const MAIN = resolve('dist/src/main.js');
const GENERATE = resolve('dist/src/cli/generate.js');
const QUESTIONS_PER_SECOND = 3;

const minutes = Number(process.argv[2] ?? 5);
const file = process.argv[3] ?? 'memory.json';
const folder = mkdtempSync(join(tmpdir(), 'sentimentagent-bench-'));
const env = {
  PATH: process.env.PATH ?? '',
  NODE_ENV: 'production',
  LOG_LEVEL: 'info',
  API_PORT: '0',
  SQLITE_PATH: join(folder, 'store.db'),
};
const content = ['--days', '30', '--posts', '10000', '--comments', '40000'];
let api: ChildProcess | undefined;
try {
  execFileSync(process.execPath, [GENERATE, ...content], { cwd: folder, env });
  api = spawn(process.execPath, [MAIN], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await addressOf(api);
  const mb: number[] = [];
  const began = systemClock.monotonic();
  for (let second = 1; second <= minutes * 60; second += 1) {
    for (let n = 0; n < QUESTIONS_PER_SECOND; n += 1) {
      await (await fetch(url + question(second * QUESTIONS_PER_SECOND + n))).arrayBuffer();
    }
    await systemClock.sleep(began + second * 1000 - systemClock.monotonic());
    mb.push(residentMb(api.pid ?? 0));
  }
  const recorded = { node: process.version, content: content.join(' '), everyMs: 1000, mb };
  writeFileSync(file, `${JSON.stringify(recorded)}\n`);
} finally {
  api?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}

/** Resolves with what its log calls the address. */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the API has no output');
  for await (const line of createInterface({ input: stdout })) {
    const { msg, address } = JSON.parse(line) as { msg: string; address?: string };
    if (msg !== 'listening' || address === undefined) continue;
    stdout.resume();
    return address;
  }
  throw new Error('the API ended before it listened');
}

/** What a dashboard asks, with windows of many lengths, so that not every answer is kept. */
function question(n: number): string {
  const hours = [1, 6, 24, 72, 168, 720][n % 6] ?? 24;
  const all = [
    '/health',
    `/sentiment/stats?hours=${hours}`,
    `/sentiment/trends?hours=${hours}`,
    `/posts/recent?limit=${(n % 100) + 1}`,
    `/trending?hours=${hours}`,
    '/subreddits',
    '/collections?limit=20',
  ];
  return all[Math.floor(n / 6) % all.length] ?? '/health';
}

function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kb) / 102.4) / 10;
}
