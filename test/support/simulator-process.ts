import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface StartedSimulator {
  pid: number;
  /** Settings that make the system collect from it. */
  env: Record<string, string>;
  /** For ever, until healed. */
  inject(fault: Record<string, unknown>): Promise<void>;
  heal(): Promise<void>;
}

/** A real simulator process on a free port, ended with the test. */
export async function startSimulator(
  t: { teardown(release: () => unknown): void },
  cwd: string,
  env: Record<string, string>,
): Promise<StartedSimulator> {
  const child = spawn(
    process.execPath,
    [resolve('dist/src/cli/simulator.js'), '--port', '0', '--seed', '5'],
    {
      ...{ cwd, stdio: ['ignore', 'pipe', 'inherit'] },
      env: { PATH: process.env.PATH ?? '', NODE_ENV: 'production', SUBREDDITS: 'aws', ...env },
    },
  );
  const exited = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const url = await new Promise<string>((found, lost) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Record<string, unknown>;
      if ('listening' in line) found(String(line.listening));
    });
    child.once('exit', (code) => lost(new Error(`the simulator ended with ${code}`)));
  });
  const faults = async (method: string, body?: object) => {
    const answer = await fetch(`${url}/simulator/faults`, {
      ...{ method, headers: body === undefined ? {} : { 'content-type': 'application/json' } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} faults: ${answer.status} ${await answer.text()}`);
  };
  return {
    pid: child.pid ?? 0,
    env: {
      REDDIT_CLIENT_ID: 'id',
      REDDIT_CLIENT_SECRET: 'secret-of-the-suite',
      REDDIT_USER_AGENT: 'monitor-suite/1',
      REDDIT_BASE_URL: url,
    },
    inject: (fault) => faults('POST', fault),
    heal: () => faults('DELETE'),
  };
}
