import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { temporaryFolder } from '../support/temp.js';
import { watchFetch } from '../support/watch-fetch.js';

const cli = (name: string) => fileURLToPath(new URL(`../../src/cli/${name}.js`, import.meta.url));

interface Ended {
  code: number;
  stdout: string;
  /** Both streams. */
  output: string;
}

function runIn(folder: string, name: string, args: string[], env: Record<string, string>) {
  return new Promise<Ended>((ended) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, timeout: 110_000 };
    execFile(process.execPath, [cli(name), ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      ended({ code, stdout, output: stdout + stderr });
    });
  });
}

/** Living processes that were started with a PM2_HOME below this folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      if (readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')) return false;
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return (
        environment.includes(`PM2_HOME=${folder}`) || readlinkSync(`/proc/${pid}/cwd`) === folder
      );
    } catch {
      return false; // ended meanwhile
    }
  });
}

/** What somebody has who followed the README's steps for the real Reddit. */
const OWN_SETTINGS = `REDDIT_CLIENT_ID=own
REDDIT_CLIENT_SECRET=correct-horse-battery
REDDIT_USER_AGENT=test/1
MONITOR_HEALTH_URL=http://127.0.0.1:9/health
`;

/** Processes whose environment holds the user's own secret: PM2 would hand and write it on. */
function secretsSeen(folder: string): string[] {
  return processesOf(folder).filter((pid) =>
    readFileSync(`/proc/${pid}/environ`, 'utf8').includes('correct-horse-battery'),
  );
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}

async function demo(t: ExecutionContext, args: string[] = [], dotenv = '') {
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

const onProc = existsSync('/proc/self/environ') ? test : test.skip;

onProc('the demo: everything answers real content, and nothing is left after it', async (t) => {
  const { folder, port, env, started, get } = await demo(t, [], OWN_SETTINGS);
  t.is(started.code, 0, started.output);
  t.deepEqual(secretsSeen(folder), []);
  t.regex(started.output, /total +\d+ +\d{4}/);
  t.is((await get('/health')).body.status, 'healthy');
  for (const path of ['/livez', '/readyz']) t.is((await get(path)).status, 200, path);
  const api = (path: string) => get(`/api/v1${path}`);
  const { body: subreddits } = await api('/subreddits');
  t.is(subreddits.count, 14);
  const posts = (await api('/posts/recent')).body as unknown as { id: string }[];
  t.is(posts.length, 100);
  t.is((await api(`/posts/${posts[0]?.id}`)).body.id, posts[0]?.id);
  const { statistics } = (await api('/sentiment/stats')).body as { statistics: { total: number } };
  t.true(statistics.total > 3000);
  const { trend_data } = (await api('/sentiment/trends?hours=24')).body as {
    trend_data: unknown[];
  };
  t.is(trend_data.length, 25);
  const [cycle] = (await api('/collections')).body as unknown as { status: string }[];
  t.is(cycle?.status, 'succeeded');
  const token = readFileSync(join(folder, '.demo/admin-token'), 'utf8').trim();
  const asked = await fetch(`http://127.0.0.1:${port}/api/v1/admin/collect`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
  });
  t.is(asked.status, 202);

  t.is((await runIn(folder, 'demo-stop', [], env)).code, 0);
  t.deepEqual(processesOf(folder), []);
  await t.throwsAsync(get('/livez'));
  const again = await runIn(folder, 'demo-stop', [], env);
  t.like(again, { code: 0 });
});

test('a demo that cannot start says why and leaves nothing', async (t) => {
  const folder = temporaryFolder(t);
  const busy = createServer();
  t.teardown(() => busy.close());
  const port = await new Promise<number>((listening) => {
    busy.listen(0, '127.0.0.1', () => listening((busy.address() as { port: number }).port));
  });
  const env = { API_PORT: String(port), HOME: folder };
  const taken = await runIn(folder, 'demo', ['--detach'], env);
  t.is(taken.code, 78);
  t.regex(taken.output, new RegExp(`Port ${port}.*in use.*API_PORT=`));
  t.like(await runIn(folder, 'demo', ['--detch'], env), { code: 64 });
  t.like(await runIn(folder, 'demo', ['--replay'], env), { code: 64 });
  const fault = await runIn(folder, 'demo', ['--fault', 'stroe'], env);
  t.is(fault.code, 64);
  t.regex(fault.output, /--fault "stroe" is not accepted\. Cure: --fault store/);
  t.false(existsSync(join(folder, '.demo', 'pm2', 'pm2.pid')));
});

test('recordings that are not there end the demo at once', async (t) => {
  const { folder, started } = await demo(t, ['--replay', 'no-such-file.ndjson']);
  t.is(started.code, 64);
  t.regex(started.output, /no-such-file/);
  t.deepEqual(processesOf(folder), []);
});

const recordings = ['t3_posts', 't1_comments'].map((name) =>
  resolve(`../shared/data/wire/${name}.ndjson.gz`),
);
const onRecordings = recordings.every((file) => existsSync(file)) ? onProc : test.skip;
onRecordings(
  'replayed: stored + skipped = served, each skip with its reason (skips without ../shared)',
  async (t) => {
    const { folder, env, started, get } = await demo(t, ['--replay', ...recordings]);
    t.is(started.code, 0, started.output);
    const [cycle] = (await get('/api/v1/collections')).body as unknown as {
      subreddits: { skipped: Record<string, number>; [count: string]: unknown }[];
    }[];
    const results = cycle?.subreddits ?? [];
    const sum = (field: string) => results.reduce((n, result) => n + Number(result[field]), 0);
    const skips = results.flatMap(({ skipped }) => Object.entries(skipped));
    const skipped = skips.reduce((n, [, count]) => n + count, 0);
    t.is(sum('posts_seen') + sum('comments_seen'), 6123 + 9642);
    t.is(sum('posts_new') + sum('comments_new') + skipped, 6123 + 9642);
    t.true(skips.every(([reason]) => reason.length > 3));
    t.log(`${skipped} skipped: ${JSON.stringify(skips)}`);
    const verified = await runIn(folder, 'verify-store', ['--json'], {
      ...env,
      SQLITE_PATH: join(folder, '.demo/sentimentagent.db'),
    });
    t.like(verified, { code: 0 });
    t.like(JSON.parse(verified.stdout), { differences: [], items: 6123 + 9642 - skipped });
  },
);
