import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type ApiProcess, startApi } from '../support/api-process.js';
import { startJobs, until } from '../support/jobs-process.js';
import { lockWhole, unmountedDisk } from '../support/locks.js';
import { eventually } from '../support/pm2.js';
import { temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';

/** SPEC: served within half a minute after the store is back. */
const BACK_WITHIN_MS = 30_000;
const READS = ['/posts/recent', '/posts/abc', '/sentiment/stats', '/subreddits', '/collections'];

interface Health {
  status: string;
  database: { connected: boolean };
  causes: { code: string; message: string; restart_would_help: boolean }[];
}

async function mustSay503(t: ExecutionContext, base: string, why: RegExp): Promise<void> {
  for (const route of ['/health', '/readyz']) {
    const reply = await fetch(base + route);
    t.is(reply.status, 503, route);
    const { causes } = (await reply.json()) as Health;
    t.like(causes[0], { code: 'database_unreachable', restart_would_help: false });
    t.regex(causes[0]?.message ?? '', why, route);
    t.false((causes[0]?.message ?? '').includes('store.db'), 'its place stays in the log');
  }
  for (const route of READS) {
    const reply = await fetch(`${base}/api/v1${route}`);
    t.is(reply.status, 503, route);
    t.is(reply.headers.get('content-type'), 'application/problem+json');
    t.regex(reply.headers.get('retry-after') ?? '', /^\d+$/);
  }
  t.is((await fetch(`${base}/livez`)).status, 200);
}

const serves = (base: string) =>
  eventually(
    'an API that serves',
    async () => (await fetch(`${base}/readyz`)).status === 200,
    BACK_WITHIN_MS,
  );
const errors = (api: ApiProcess) => api.lines().filter(({ level }) => level === 'error');

test.serial('api: a disk that is not mounted is said, waited for, and served', async (t) => {
  const { path, mount } = unmountedDisk(t);
  const api = startApi(t, { START_DEGRADED: 'true', SQLITE_PATH: path });
  const base = await api.listening;
  await mustSay503(t, base, /it lies behind a link to a place that is not there/);
  const [line, ...more] = errors(api);
  t.regex(line?.msg ?? '', /database does not answer: .*store\.db lies behind.*Cure: mount/);
  t.deepEqual(more, [], 'told once');
  mount();
  await serves(base);
  t.is((await fetch(`${base}/api/v1/sentiment/stats`)).status, 200);
  await eventually('health', async () => (await fetch(`${base}/health`)).status === 200);
  const messages = () => api.lines().map(({ msg }) => msg);
  // In the background, and so perhaps after the first answers.
  await eventually('all data in memory', () => messages().includes('data loaded'));
  for (const told of ['store open', 'data loaded', 'database answers again'])
    t.is(messages().filter((msg) => msg === told).length, 1, told);
  api.child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
});

test.serial(
  'api: a locked database is waited for; one that vanishes is not replaced',
  async (t) => {
    const { store, path } = await temporaryStore(t);
    await store.close();
    const unlock = lockWhole(t, path);
    const api = startApi(t, { START_DEGRADED: 'true', SQLITE_PATH: path });
    const base = await api.listening;
    await mustSay503(t, base, /it is locked by another process/);
    unlock();
    renameSync(path, `${path}.away`);
    await eventually('the other cause', async () => {
      const { causes } = (await (await fetch(`${base}/health`)).json()) as Health;
      return causes[0]?.message.includes('it is not there');
    });
    await mustSay503(t, base, /is not there/);
    t.false(existsSync(path), 'no empty database in its place');
    renameSync(`${path}.away`, path);
    await serves(base);
    api.child.kill('SIGTERM');
    t.is((await api.exited).code, 0);
  },
);

test.serial('api: a signal ends it while it waits for the store', async (t) => {
  const { path } = unmountedDisk(t);
  const api = startApi(t, { START_DEGRADED: 'true', SQLITE_PATH: path });
  await api.listening;
  api.child.kill('SIGTERM');
  api.child.kill('SIGTERM');
  t.is((await api.exited).code, 0);
});

test.serial('jobs: ready without the store, says so once, and beats when it is back', async (t) => {
  const { path, mount } = unmountedDisk(t);
  const jobs = startJobs(t, {
    ...{ START_DEGRADED: 'true', SQLITE_PATH: path, DB_RETRY_BASE_DELAY: '0.05' },
    ...{ REDDIT_CLIENT_ID: '', REDDIT_CLIENT_SECRET: '' },
  });
  await jobs.ready;
  const attempts = systemClock.monotonic() + 500; // several, at 50, 200 and 800 ms
  await until(() => systemClock.monotonic() > attempts);
  const told = jobs.lines.filter(({ level }) => level === 'error');
  t.is(told.length, 1);
  t.regex(told[0]?.msg ?? '', /^store: .* waiting for it\. Cure: mount the disk/);
  mount();
  await until(() => jobs.lines.some(({ msg }) => msg === 'scheduled'), BACK_WITHIN_MS);
  const api = startApi(t, { SQLITE_PATH: path });
  const base = await api.listening;
  await until(async () => {
    const body = (await (await fetch(`${base}/health`)).json()) as {
      application: { jobs_heartbeat_age_seconds: number | null };
    };
    return body.application.jobs_heartbeat_age_seconds !== null;
  });
  jobs.child.kill('SIGTERM');
  t.is(await jobs.exit, 0);
  t.is(jobs.lines.filter(({ msg }) => msg === 'store open').length, 1);
});

test.serial('jobs: a signal ends the wait for the store with 0', async (t) => {
  const { path } = unmountedDisk(t);
  const jobs = startJobs(t, { START_DEGRADED: 'true', SQLITE_PATH: path });
  await jobs.ready;
  jobs.child.kill('SIGTERM');
  jobs.child.kill('SIGINT');
  t.is(await jobs.exit, 0);
  t.is(jobs.lines.at(-1)?.msg, 'shut down');
});

for (const degraded of ['true', 'false']) {
  test.serial(`START_DEGRADED=${degraded}: what no waiting cures ends both with 78`, async (t) => {
    const file = join(temporaryFolder(t), 'store.db');
    writeFileSync(file, 'this is no database '.repeat(500));
    const env = { START_DEGRADED: degraded, SQLITE_PATH: file };
    const [api, jobs] = [startApi(t, env), startJobs(t, env)];
    t.is((await api.exited).code, 78);
    t.is(await jobs.exit, 78);
    for (const lines of [api.lines(), jobs.lines])
      t.like(lines.at(-1), { level: 'fatal', code: 'store_unusable' });
  });
}

test.serial('without it: four attempts, then 69 and a line with cause and cure', async (t) => {
  const { path } = unmountedDisk(t);
  const env = { SQLITE_PATH: path, DB_RETRY_BASE_DELAY: '0.02' };
  const [api, jobs] = [startApi(t, env), startJobs(t, env)];
  t.is((await api.exited).code, 69);
  t.is(await jobs.exit, 69);
  for (const lines of [api.lines(), jobs.lines]) {
    const retries = lines.filter(({ msg }) => msg.endsWith('trying again'));
    t.deepEqual(
      retries.map(({ attempt, delay_ms }) => [attempt, delay_ms]),
      [
        [1, 20],
        [2, 80],
        [3, 320],
      ],
    );
    t.like(lines.at(-1), { level: 'fatal', code: 'store_unreachable' });
    t.regex(lines.at(-1)?.msg ?? '', /^cannot start: .*Cure: mount the disk/);
  }
});

test.serial('without it: a signal ends the retries of the start with 0', async (t) => {
  const { path } = unmountedDisk(t);
  const env = { SQLITE_PATH: path, DB_RETRY_BASE_DELAY: '60' };
  const [api, jobs] = [startApi(t, env), startJobs(t, env)];
  const waits = ({ msg }: { msg: string }) => msg.endsWith('trying again');
  await until(() => api.lines().some(waits) && jobs.lines.some(waits));
  for (const { child } of [api, jobs]) {
    child.kill('SIGTERM');
    child.kill('SIGTERM');
  }
  t.is((await api.exited).code, 0);
  t.is(await jobs.exit, 0);
});

test.serial('a database that vanishes during the retries is not replaced', async (t) => {
  const { store, path } = await temporaryStore(t);
  await store.close();
  const unlock = lockWhole(t, path);
  const env = { SQLITE_PATH: path, DB_RETRY_BASE_DELAY: '0.2' };
  const api = startApi(t, env);
  await until(() => api.lines().some(({ msg }) => msg.endsWith('trying again')));
  unlock();
  mkdirSync(`${path}.folder`);
  renameSync(path, join(`${path}.folder`, 'store.db'));
  t.is((await api.exited).code, 69);
  t.false(existsSync(path));
});

test.serial('a taken port is found before the store is looked at', async (t) => {
  const { path } = unmountedDisk(t);
  const other = createServer((_request, response) => response.end());
  t.teardown(() => void other.close());
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as { port: number };
  const api = startApi(t, { API_PORT: String(port), SQLITE_PATH: path });
  t.is((await api.exited).code, 78, 'not 69, and not after 21 s');
  t.like(api.lines().at(-1), { code: 'port_in_use' });
  t.false(api.lines().some(({ msg }) => msg.startsWith('store')));
});
