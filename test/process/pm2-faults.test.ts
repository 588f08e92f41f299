import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { eventually, ownPm2 } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

/** The real ecosystem file with the real processes under a PM2 of the test's own, no credentials. */
async function system(t: ExecutionContext, env: Record<string, string> = {}) {
  const folder = temporaryFolder(t);
  const port = await new Promise<number>((free) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const taken = (server.address() as { port: number }).port;
      server.close(() => free(taken));
    });
  });
  const { pm2, list } = ownPm2(t, join(folder, 'pm2'), {
    NODE_ENV: 'production',
    NODE_CLUSTER_SCHED_POLICY: 'none',
    API_PORT: String(port),
    REDDIT_CLIENT_ID: '',
    SQLITE_PATH: join(folder, 'store.db'),
    MONITOR_STATE_DIR: join(folder, 'monitor'),
    MONITOR_METRICS_PORT: '0',
    ...env,
  });
  const url = `http://127.0.0.1:${port}`;
  t.is((await pm2(['start', resolve('ecosystem.config.cjs')])).exitCode, 0);
  await eventually('an answering API', async () => {
    return (await fetch(`${url}/readyz`).catch(() => null))?.status === 200;
  });
  const pidOf = async (name: string) => (await list()).find((app) => app.name === name)?.pid ?? 0;
  return { pm2, pidOf, url };
}

/** Ten clients that ask one after the other on connections they keep. */
function load(url: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 10 });
  const answers: (number | string)[] = [];
  let asking = true;
  const ask = () =>
    new Promise<void>((done) => {
      get(`${url}/api/v1/sentiment/stats`, { agent }, (response) => {
        response.resume().on('end', () => {
          answers.push(response.statusCode ?? 0);
          done();
        });
      }).on('error', (error) => {
        answers.push(error.message);
        done();
      });
    });
  const clients = Array.from({ length: 10 }, async () => {
    while (asking) await ask();
  });
  return async () => {
    asking = false;
    await Promise.all(clients);
    agent.destroy();
    return answers;
  };
}

test('a reload of the api under load loses no request', async (t) => {
  const { pm2, pidOf, url } = await system(t);
  const before = await pidOf('api');
  const end = load(url);
  t.is((await pm2(['reload', 'api'])).exitCode, 0);
  const answers = await end();
  t.not(await pidOf('api'), before);
  t.true(answers.length > 100, `${answers.length} answers`);
  t.deepEqual([...new Set(answers)], [200]);
  t.log(`${answers.length} answers`);
});

test('an api and a runner that are killed are back, and the store is shown at once', async (t) => {
  const { pidOf, url } = await system(t);
  for (const name of ['jobs', 'api']) {
    const pid = await pidOf(name);
    process.kill(pid, 'SIGKILL');
    await eventually(`another ${name}`, async () => {
      const next = await pidOf(name);
      return next > 0 && next !== pid;
    });
  }
  await eventually('an answering API', async () => {
    const answer = await fetch(`${url}/api/v1/subreddits`).catch(() => null);
    return answer?.status === 200 && ((await answer.json()) as { count: number }).count === 14;
  });
});
