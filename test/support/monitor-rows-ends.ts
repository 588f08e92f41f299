import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { type Bed, INTERVAL_MS, PATIENT } from './monitor-bed.js';
import { must, type Row, SUBJECTS } from './monitor-rows.js';
import type { Story, Telling } from './monitor-telling.js';
import { eventually } from './pm2.js';

/** The holder lives while `work` goes on. */
async function withStranger<T>({ port, mark }: Bed, work: (pid: number) => Promise<T>): Promise<T> {
  const script = `require('node:http').createServer((_, r) => r.end('not yours')).listen(${port}, '127.0.0.1', () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], {
    ...{ env: mark, stdio: ['ignore', 'pipe', 'inherit'] },
  });
  try {
    await once(child.stdout, 'data');
    return await work(child.pid ?? 0);
  } finally {
    child.kill('SIGKILL');
  }
}

const portTaken: Row = {
  name: 'port taken by another program',
  options: { monitor: 'outside' },
  started: false,
  async run(bed, telling) {
    await withStranger(bed, async (pid) => {
      await bed.start();
      const holder = new RegExp(`\\b${pid}\\b`);
      const wanted = { kind: 'alert', subject: 'process.api', cause: 'port_taken' } as const;
      const { text } = await telling.told(wanted);
      must(holder.test(text) && /node -e/.test(text), `it does not say what holds it: ${text}`);
      must(/EADDRINUSE|in use/.test(text), `it does not quote the log: ${text}`);
      await systemClock.sleep(10 * INTERVAL_MS);
      must(bed.starts('api').length === 1, `${bed.starts('api').length} starts of the api`);
    });
    await bed.pm2('restart', 'api');
    await bed.steady();
    return { told: { 'process.api': ['alert', 'recovery'] } };
  },
};

const crashLoop: Row = {
  name: 'crash loop from the start',
  options: { atStart: { app: 'api', order: { do: 'exit', code: 1 } } },
  started: false,
  async run(bed, telling) {
    return await crashing(bed, telling, bed.start());
  },
};

const laterCrashLoop: Row = {
  name: 'crash loop of an api that was up',
  async run(bed, telling) {
    bed.atStart('api', { do: 'throw', afterMs: 300 });
    bed.signal('api', 'SIGKILL');
    return await crashing(bed, telling);
  },
};

/**
 * PM2 goes on trying, the monitor tells once and leaves it to PM2. With these intervals the API
 * is silent for long enough before it has ended often enough: then that is told first.
 */
async function crashing(bed: Bed, telling: Telling, starting?: Promise<void>): Promise<Story> {
  await telling.told({ kind: 'alert', subject: 'process.api', cause: 'crash_loop' });
  const before = bed.starts('api').length;
  await eventually('two more starts', () => bed.starts('api').length >= before + 2);
  bed.atStart('api', null);
  await starting;
  await bed.steady();
  return { told: { 'process.api': ['alert', 'recovery'] }, maybe: ['api'] };
}

const SET = {
  78: { LOG_LEVEL: 'loud' },
  69: { SQLITE_PATH: 'unmounted/store.db' },
};
const QUOTED = { 78: /LOG_LEVEL="loud"/, 69: /link to a place that is not there/ };

/** What a restart cannot cure: told with the process's own last words, and left alone. */
function ended(code: 69 | 78): Row {
  return {
    name: `api and jobs end with ${code}`,
    options: { env: PATIENT },
    async run(bed, telling) {
      symlinkSync('nowhere', join(bed.folder, 'unmounted'));
      for (const app of ['api', 'jobs'] as const) {
        bed.atStart(app, { do: 'set', env: SET[code] });
        const restarting = bed.pm2('restart', app);
        const wanted = { kind: 'alert', subject: SUBJECTS[app], cause: `exit_${code}` } as const;
        const alert = await telling.told(wanted);
        must(QUOTED[code].test(alert.text), `the alert quotes nothing: ${alert.text}`);
        bed.atStart(app, null);
        await restarting;
        if (code === 78) await bed.pm2('restart', app);
        await telling.told({ kind: 'recovery', subject: SUBJECTS[app] });
      }
      return {
        told: { 'process.api': ['alert', 'recovery'], 'process.jobs': ['alert', 'recovery'] },
      };
    },
  };
}

/** Processes that end by themselves. */
export const END_ROWS: Row[] = [portTaken, crashLoop, laterCrashLoop, ended(69), ended(78)];
