import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { demo, runIn } from '../support/demo-process.js';
import { temporaryFolder } from '../support/temp.js';

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
