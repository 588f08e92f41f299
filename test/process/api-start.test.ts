import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type ApiProcess, type LogLine, startApi } from '../support/api-process.js';
import { fillStore } from '../support/fill.js';
import { aComment, aPost } from '../support/items.js';
import { eventually } from '../support/pm2.js';
import { temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';
import type { Clock } from '../../src/clock.js';

/** The contract is 2 s; the slack is for a machine that runs other tests as well. */
const BAD_START_MS = 2000;
const SLACK_MS = 3000;
const SECRET = 'the-client-secret-of-this-test';

async function refused(t: ExecutionContext, api: ApiProcess): Promise<LogLine> {
  const { code, ms } = await api.exited;
  t.is(code, 78, api.output());
  t.true(ms < BAD_START_MS + SLACK_MS, `${ms} ms`);
  t.false(api.output().includes(SECRET), 'no secret in any line');
  const fatal = api.lines().filter(({ level }) => level === 'fatal' || level === 'error');
  t.is(fatal.length, 1, 'one line');
  const last = api.lines().at(-1);
  t.deepEqual(last, fatal[0], 'and it is the last');
  t.regex(last?.msg ?? '', /^cannot start: .*[.?] Cure: /);
  return last ?? { level: '', msg: '' };
}

const credentials = {
  REDDIT_CLIENT_ID: 'id',
  REDDIT_CLIENT_SECRET: SECRET,
  REDDIT_USER_AGENT: 'test:agent:1',
};

test.serial('a wrong API_PORT is refused', async (t) => {
  const { msg } = await refused(t, startApi(t, { ...credentials, API_PORT: 'eighty' }));
  t.regex(msg, /API_PORT="eighty" is not accepted: it takes a whole number from 0 to 65535/);
});

test.serial('a misspelt SUBREDDITS is refused with the nearest key', async (t) => {
  const { msg } = await refused(t, startApi(t, { ...credentials, SUBREDITS: 'aws' }));
  t.regex(msg, /SUBREDITS is not a key we know: did you mean SUBREDDITS\?/);
});

test.serial('a database path that cannot be written is refused', async (t) => {
  const file = join(temporaryFolder(t), 'a-file');
  writeFileSync(file, '');
  const path = join(file, 'store.db'); // a folder that cannot exist, for root as well
  const { msg, code } = await refused(t, startApi(t, { ...credentials, SQLITE_PATH: path }));
  t.is(code, 'store_unusable');
  t.true(msg.includes(path), msg);
});

test.serial('a corrupt database is refused', async (t) => {
  const path = join(temporaryFolder(t), 'store.db');
  writeFileSync(path, 'this is no database '.repeat(500));
  const { msg, code } = await refused(t, startApi(t, { ...credentials, SQLITE_PATH: path }));
  t.is(code, 'store_unusable');
  t.true(msg.includes(path), msg);
});

test.serial('a port that another one of ours holds is refused with its pid', async (t) => {
  const first = startApi(t, {});
  const { port } = new URL(await first.listening);
  const { msg, code } = await refused(t, startApi(t, { ...credentials, API_PORT: port }));
  t.is(code, 'port_in_use');
  t.true(
    msg.includes(`127.0.0.1:${port} is in use by another SentimentAgent, pid ${first.child.pid}`),
  );
  t.regex(msg, /or set API_PORT to a free port/);
});

test.serial('a port that another program holds is refused, whatever it answers', async (t) => {
  const hanging = createServer(() => undefined);
  t.teardown(() => {
    hanging.closeAllConnections();
    hanging.close();
  });
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const { port } = hanging.address() as { port: number };
  const api = startApi(t, { ...credentials, API_PORT: String(port) });
  t.regex((await refused(t, api)).msg, /is in use by another program\. Cure: stop it/);
});

test.serial('an address that this machine does not have is refused', async (t) => {
  const { msg } = await refused(t, startApi(t, { ...credentials, API_HOST: '192.0.2.1' }));
  t.regex(msg, /API_HOST=192\.0\.2\.1 is no address of this machine/);
});

test.serial('with stored data and no collection the first answer is complete', async (t) => {
  const agoMs = 20 * 3_600_000;
  const back: Clock = { ...systemClock, now: () => Date.now() - agoMs };
  const { store, path } = await temporaryStore(t, { clock: back });
  const created = (at: number) => new Date(Date.now() - agoMs - at * 60_000).toISOString();
  const posts = Array.from({ length: 130 }, (_, at) =>
    aPost({ id: `p${at}`, created_utc: created(at % 90) }),
  );
  const comments = [aComment({ subreddit: 'aws', created_utc: created(5) })];
  await fillStore(store, back, { posts, comments });
  await store.close();

  const api = startApi(t, { ...credentials, SQLITE_PATH: path });
  const base = await api.listening;
  const get = async <T>(route: string): Promise<{ status: number; body: T }> => {
    const reply = await fetch(`${base}${route}`);
    return { status: reply.status, body: (await reply.json()) as T };
  };
  const stats = await get<{ statistics: { total: number; posts: number; comments: number } }>(
    '/api/v1/sentiment/stats',
  );
  t.is(stats.status, 200);
  t.like(stats.body.statistics, { total: 131, posts: 130, comments: 1 });
  const recent = await get<{ id: string }[]>('/api/v1/posts/recent?limit=1000');
  t.is(recent.body.length, 130);
  const subreddits = await get<{ details: { name: string; items_24h: number }[] }>(
    '/api/v1/subreddits',
  );
  t.is(subreddits.body.details.find(({ name }) => name === 'claude')?.items_24h, 130);
  const trends = await get<{ trend_data: { total: number }[] }>(
    '/api/v1/sentiment/trends?hours=24',
  );
  t.is(
    trends.body.trend_data.reduce((sum, { total }) => sum + total, 0),
    131,
  );
  const health = await get<{
    status: string;
    application: { data_freshness_minutes: number };
    causes: { code: string }[];
  }>('/health');
  t.is(health.status, 503);
  t.is(health.body.status, 'unhealthy');
  t.true(Math.abs(health.body.application.data_freshness_minutes - 1200) < 5);
  t.is(health.body.causes[0]?.code, 'data_stale');
  const lines = await eventually('the preload', () => {
    const found = api.lines();
    return found.some(({ msg }) => msg === 'default answers ready') && found;
  });
  const line = (wanted: string) => lines.find(({ msg }) => msg === wanted);
  t.like(line('newest data loaded'), { items: 131 });
  t.like(line('data loaded'), { items: 131 });
  const order = lines.map(({ msg }) => msg);
  t.true(order.indexOf('listening') < order.indexOf('newest data loaded'));
  t.true(order.indexOf('data loaded') < order.indexOf('default answers ready'));
});
