import { readFileSync } from 'node:fs';
import test from 'ava';
import { type Cycle, requestsOf } from '../../src/domain/cycle.js';
import { until } from '../support/jobs-process.js';
import { readRoutes } from '../support/reads.js';
import { common, missing, storedIds } from '../support/stored-ids.js';
import { startSystem } from '../support/system.js';

test('every read route of the README is asked', (t) => {
  const named = [...readFileSync('README.md', 'utf8').matchAll(/^\| `GET (\/[^`]*)` \|/gm)];
  const asked = readRoutes('abc', 2).map(({ name }) => name);
  const documents = ['/docs', '/openapi.json']; // they show no data
  const data = named.map(([, path]) => path ?? '').filter((path) => !documents.includes(path));
  t.deepEqual(data.sort(), asked.sort());
});

test('tokens of five seconds: a cycle that lasts longer is complete, and no request refused', async (t) => {
  // Ten requests in three seconds, so that a first collection takes several tokens.
  const system = await startSystem(t, {
    subreddits: ['claude', 'aws'],
    simulatorArguments: ['--token-ttl', '5', '--rate-limit', '10/3'],
  });
  const firstCycle = async () => {
    const reply = await fetch(`${system.apiUrl}/api/v1/collections`);
    return ((await reply.json()) as Cycle[])[0];
  };
  // The api shows within a second what another process has finished.
  await until(async () => (await firstCycle())?.status !== 'running');
  const first = await firstCycle();
  t.is(first?.status, 'succeeded');
  t.true((first?.duration_ms ?? 0) > 5000, `${first?.duration_ms} ms`);
  const { tokens_issued, requests, refused } = await system.simulatorRequests();
  t.true(tokens_issued >= 2);
  t.is(refused, 0);
  t.is(first === undefined ? 0 : requestsOf(first), requests);
  t.deepEqual(system.troubles(), []);
  const before = await system.listed();
  t.is((await system.collect(60_000)).status, 'succeeded');
  t.deepEqual(missing(common(before, await system.listed()), storedIds(system.databasePath)), []);
  t.deepEqual(await system.end(), { api: 0, jobs: 0, simulator: 0 });
});
