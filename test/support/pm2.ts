import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { execa } from 'execa';

export interface ListedApp {
  name: string;
  pid: number;
  pm2_env: Record<string, unknown> & { status: string; restart_time: number; exit_code?: number };
}

/** A PM2 of the test's own: its daemon ends, with all it runs, when the test does. */
export function ownPm2(
  t: Pick<ExecutionContext, 'teardown'>,
  home: string,
  env: Record<string, string> = {},
) {
  const bin = resolve('node_modules/pm2/bin/pm2');
  const all = {
    PM2_HOME: home,
    PM2_DISCRETE_MODE: 'true',
    PM2_DISABLE_VERSION_CHECK: 'true',
    ...env,
  };
  const pm2 = (args: string[], more: Record<string, string> = {}) =>
    execa(process.execPath, [bin, ...args], {
      env: { ...all, ...more },
      reject: false,
      timeout: 60_000,
    });
  t.teardown(async () => void (await pm2(['kill'])));
  return {
    pm2,
    list: async (): Promise<ListedApp[]> => {
      const { stdout } = await pm2(['jlist']);
      return JSON.parse(stdout.slice(stdout.indexOf('['))) as ListedApp[];
    },
  };
}

/** Waits until `probe` gives something, at most `ms`; the failure says what was waited for. */
export async function eventually<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  ms = 30_000,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for: ${what}`);
    await new Promise((wake) => setTimeout(wake, 50));
  }
}
