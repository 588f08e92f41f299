import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { freePort } from './free-port.js';
import { temporaryFolder } from './temp.js';
import { watchFetch } from './watch-fetch.js';

const cli = (name: string) => fileURLToPath(new URL(`../../src/cli/${name}.js`, import.meta.url));

interface Ended {
  code: number;
  stdout: string;
  /** Both streams. */
  output: string;
}

/** One of our commands, run to its end in this folder. */
export function runIn(folder: string, name: string, args: string[], env: Record<string, string>) {
  return new Promise<Ended>((ended) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, timeout: 110_000 };
    execFile(process.execPath, [cli(name), ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      ended({ code, stdout, output: stdout + stderr });
    });
  });
}

/**
 * `npm run demo -- --detach` in a folder of its own with this `.env`, stopped with the test; what its
 * API answers is held against its OpenAPI document.
 */
export async function demo(t: ExecutionContext, args: string[] = [], dotenv = '') {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, '.env'), dotenv);
  const port = await freePort();
  const env = { API_PORT: String(port), HOME: folder };
  t.teardown(() => runIn(folder, 'demo-stop', [], env));
  const started = await runIn(folder, 'demo', ['--detach', ...args], env);
  if (started.code === 0) await watchFetch(t, `http://127.0.0.1:${port}`);
  const get = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { folder, port, env, started, get };
}
