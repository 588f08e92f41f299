import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { SECRET_KEYS } from '../../src/config-schema.js';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const ENTRIES = ['dist/src/main.js', 'dist/jobs/main.js', 'dist/monitor/main.js'];
const SECRET = 'a-secret-that-nobody-may-find';

interface App {
  name: string;
  kill_timeout: number;
  stop_exit_codes: number[];
  node_args?: string[];
  instances?: number;
  max_memory_restart: string;
}

/** The file as PM2's command line sees it, under another environment and in another folder. */
function loadEcosystem(t: ExecutionContext, env: Record<string, string>, dotenv?: string): App[] {
  const folder = temporaryFolder(t);
  const copy = join(folder, 'ecosystem.config.cjs');
  copyFileSync('ecosystem.config.cjs', copy);
  if (dotenv !== undefined) writeFileSync(join(folder, '.env'), dotenv);
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    return (createRequire(import.meta.url)(copy) as { apps: App[] }).apps;
  } finally {
    process.env = before;
  }
}

/** A folder with the real ecosystem file and, for each entry, what `script` says. */
function installation(t: ExecutionContext, script: (entry: string) => string): string {
  const folder = temporaryFolder(t);
  for (const file of ['ecosystem.config.cjs', 'package.json'])
    copyFileSync(file, join(folder, file));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  for (const entry of ENTRIES) {
    mkdirSync(dirname(join(folder, entry)), { recursive: true });
    const target = pathToFileURL(resolve(script(entry))).href;
    writeFileSync(join(folder, entry), `import ${JSON.stringify(target)};\n`);
  }
  return folder;
}

test.serial('kill time-outs above the drain deadline, heap bounds for all but the jobs', (t) => {
  const [api, jobs, monitor] = loadEcosystem(t, {});
  t.deepEqual([api?.name, jobs?.name, monitor?.name], ['api', 'jobs', 'monitor']);
  for (const app of [api, jobs, monitor]) {
    t.is(app?.kill_timeout, 35_000);
    t.deepEqual(app?.stop_exit_codes, [78]);
  }
  t.deepEqual(api?.node_args, ['--max-old-space-size=375']);
  t.is(jobs?.node_args, undefined);
});

test.serial('settings come from the environment, then from .env', (t) => {
  const dotenv = 'SHUTDOWN_DEADLINE_SECONDS=10\nAPI_INSTANCES=2\n';
  t.is(loadEcosystem(t, {}, dotenv)[0]?.kill_timeout, 15_000);
  const [api] = loadEcosystem(t, { SHUTDOWN_DEADLINE_SECONDS: '60' }, dotenv);
  t.is(api?.kill_timeout, 65_000);
  t.is(api?.instances, 2);
  t.is(loadEcosystem(t, { SHUTDOWN_DEADLINE_SECONDS: 'soon' })[0]?.kill_timeout, 35_000);
});

interface Start {
  name: string;
  pid: number;
  at: number;
  secretFile?: string;
}

const alive = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

for (const [final, retried] of [
  ['api', 'jobs'],
  ['jobs', 'api'],
] as const) {
  test.serial(
    `${final} ends with 78 for good, ${retried} with 69 and is tried again; no secret is written`,
    async (t) => {
      const folder = installation(t, () => 'dist/test/support/standin-root.js');
      const home = join(folder, 'pm2');
      const trace = join(folder, 'trace');
      writeFileSync(trace, '');
      const { pm2, list } = ownPm2(t, home, {
        TRACE: trace,
        NODE_ENV: '',
        REDDIT_CLIENT_SECRET_FILE: '/somewhere/secret',
        [`EXIT_${final.toUpperCase()}`]: '78',
        [`EXIT_${retried.toUpperCase()}`]: '69',
        ...Object.fromEntries(SECRET_KEYS.map((key) => [key, SECRET])),
      });
      const config = join(folder, 'ecosystem.config.cjs');
      const starts = (name: string): Start[] =>
        readFileSync(trace, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Start)
          .filter((start) => start.name === name);

      const started = await pm2(['start', config]);
      for (const key of SECRET_KEYS) t.regex(started.stderr, new RegExp(`not passed on.*${key}`));
      t.false((started.stderr + started.stdout).includes(SECRET));
      await eventually(`four starts of ${retried}`, () => starts(retried).length >= 4);
      const at = starts(retried).map((start) => start.at);
      const delays = at.slice(1).map((time, index) => time - (at[index] ?? 0));
      t.true((delays[2] ?? 0) > (delays[0] ?? 0), `growing: ${delays.join(', ')}`);
      t.is(starts(final).length, 1);
      t.is(starts(retried)[0]?.secretFile, '/somewhere/secret', 'the file is still named');

      const listed = await list();
      const entry = (name: string) => listed.find((one) => one.name === name);
      t.is(entry(final)?.pid, 0);
      t.is(entry(final)?.pm2_env.exit_code, 78);
      t.is(entry('monitor')?.pm2_env.status, 'online');

      await pm2(['start', config]); // a second start takes another way through PM2
      await pm2(['save']);
      t.false(readFileSync(join(home, 'dump.pm2'), 'utf8').includes(SECRET));
      t.false(JSON.stringify(await list()).includes(SECRET));

      const running = starts('monitor').at(-1)?.pid ?? 0;
      t.true(alive(running));
      await pm2(['stop', config]);
      await pm2(['delete', config]);
      t.deepEqual(await list(), []);
      t.false(alive(running));
    },
  );
}

const missing = ENTRIES.filter((entry) => !existsSync(entry));
const realTest = missing.length === 0 ? test.serial : test.serial.skip;
const why = missing.length === 0 ? '' : ` (skipped: ${missing.join(', ')} not built)`;

realTest(
  `the real processes: three online, healthy, and nothing left after delete${why}`,
  async (t) => {
    const folder = installation(t, (entry) => entry);
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as { port: number };
    await new Promise((done) => server.close(done));
    const { pm2, list } = ownPm2(t, join(folder, 'pm2'), {
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      API_PORT: String(port),
      REDDIT_CLIENT_ID: '',
      SQLITE_PATH: join(folder, 'store.db'),
      MONITOR_STATE_DIR: join(folder, 'monitor'),
      MONITOR_METRICS_PORT: '0',
    });
    const started = await pm2(['start', join(folder, 'ecosystem.config.cjs')]);
    t.is(started.exitCode, 0, started.stderr);
    const health = await eventually('a healthy API', async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health`).catch(() => null);
      const report = (await response?.json()) as
        | { status: string; causes: { code: string }[] }
        | undefined;
      return report?.status === 'healthy' && report;
    });
    t.true(health.causes.some(({ code }) => code === 'collection_off'));
    const apps = await list();
    t.deepEqual(
      apps.map((one) => [one.name, one.pm2_env.status, one.pm2_env.restart_time]),
      [
        ['api', 'online', 0],
        ['jobs', 'online', 0],
        ['monitor', 'online', 0],
      ],
    );
    const { stdout: logs } = await pm2(['logs', '--nostream', '--raw', '--lines', '50']);
    for (const name of ['api', 'jobs', 'monitor']) t.regex(logs, new RegExp(`"name":"${name}"`));
    const deleted = await pm2(['delete', 'all']);
    t.is(deleted.exitCode, 0);
    for (const { name, pid } of apps) {
      await eventually(`${name} to be gone`, () => !alive(pid));
    }
    await t.throwsAsync(fetch(`http://127.0.0.1:${port}/health`));
  },
);
