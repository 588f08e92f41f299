import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { AppError } from '../../src/errors.js';
import type { OpenAccount } from '../../src/store/cosmos/account/open-account.js';
import { createSession } from '../../src/store/cosmos/account/session.js';
import { setUp } from '../../src/store/cosmos/account/setup.js';
import { ManualClock } from '../support/clock.js';
import { accountAt, answer, refusal, wire } from '../support/cosmos-wire.js';
import { recordingLog, silentLog } from '../support/log.js';

const DATABASE = 'sentiment_analysis';
const ALL = { text: 'SELECT VALUE c.id FROM c', parameters: {} };
const BEHIND = { 'x-ms-substatus': '1002' };
const behind = refusal(404, 'The read session is not available.', BEHIND);

const read = ({ items }: OpenAccount, id = '_head') =>
  items.read<{ id: string }>('a-read', 'claude', id);

async function write({ items }: OpenAccount, id: string): Promise<void> {
  const document = { id, subreddit: 'claude' };
  const { done } = await items.batch('a-batch', 'claude', [{ kind: 'upsert', document }]);
  if (!done) throw new Error('refused');
}

function connect(t: ExecutionContext, { url, key }: CosmosAccount): OpenAccount {
  return accountAt(t, url, { key, attemptMs: 800, patienceMs: 800, behindForMs: 0 });
}

const setUpAt = (account: OpenAccount) =>
  setUp(account.definitions, { database: DATABASE, throughput: null });

/** An account with a client that has written much, and whose database was made anew with one document. */
async function madeAnew(t: ExecutionContext): Promise<{ client: OpenAccount }> {
  const standIn = await startCosmosAccount();
  t.teardown(() => standIn.close());
  const client = connect(t, standIn);
  await setUpAt(client);
  for (let n = 0; n < 20; n += 1) await write(client, `old${n}`);
  t.truthy(await read(client, 'old3'));
  standIn.drop(DATABASE);
  const other = connect(t, standIn);
  await setUpAt(other);
  await write(other, 'new');
  return { client };
}

for (const [name, ask] of Object.entries<(account: OpenAccount) => Promise<unknown>>({
  read: async (account) => [(await read(account, 'new'))?.id],
  query: ({ items }) => items.query('a-query', { ...ALL, partition: 'claude' }),
  'query of all partitions': ({ items }) => items.query('a-query', { ...ALL, partition: null }),
})) {
  test(`a database that was made anew under the same name is read after one failure: ${name}`, async (t) => {
    const { client } = await madeAnew(t);
    const error = await t.throwsAsync<AppError>(ask(client));
    t.is(error.code, 'store_busy');
    t.regex(error.message, /404\/1002/);
    t.deepEqual(await ask(client), ['new']);
    await write(client, 'own');
    t.is((await read(client, 'own'))?.id, 'own');
    t.is(client.session(), 1);
  });
}

test('what is behind for a moment is waited for, and the session stays', async (t) => {
  let asked = 0;
  const { port } = await wire(t, (request, response) => {
    asked += 1;
    (asked <= 3 ? behind : answer(200, { id: '_head' }))(request, response);
  });
  const account = accountAt(t, port, { attemptMs: 2000, patienceMs: 2000 });
  t.truthy(await read(account));
  t.is(account.session(), 0);
});

test('a call that failed of something else as well forgets nothing', async (t) => {
  let asked = 0;
  const { port } = await wire(t, (request, response) => {
    asked += 1;
    (asked === 1 ? refusal(449, 'Retry the request.') : behind)(request, response);
  });
  const account = accountAt(t, port, { behindForMs: 0 });
  await t.throwsAsync(read(account));
  t.true(asked > 1);
  t.is(account.session(), 0);
  await t.throwsAsync(read(account));
  t.is(account.session(), 1);
});

test('a session is forgotten when the account was behind for some seconds, and again after as many', async (t) => {
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const disposed: number[] = [];
  let made = 0;
  const connect = () => {
    const number = made++;
    return { number, dispose: () => void disposed.push(number) } as never;
  };
  const session = createSession({ connect, clock, log });
  /** A call that took so long. */
  const behind = async (ms: number) => {
    const began = clock.monotonic();
    await clock.advance(ms);
    session.behind(began);
    return session.number();
  };
  for (let n = 0; n < 6; n += 1) {
    t.is(await behind(700), 0, 'as a replica that lags is');
    await clock.advance(5500);
  }
  for (let n = 0; n < 4; n += 1) t.is(await behind(1200), 0);
  t.is(await behind(1200), 1);
  t.deepEqual(disposed, [0]);
  for (let n = 0; n < 4; n += 1) t.is(await behind(1200), 1);
  t.is(await behind(1200), 2);
  t.like(session.client(), { number: 2 });
  await clock.advance(60_000);
  t.is(await behind(55_000), 3, 'a job that was patient');
  session.close();
  t.deepEqual(disposed, [0, 1, 2, 3]);
  t.is(lines.filter(({ level }) => level === 'warn').length, 3);
});

test('calls under way when the session is forgotten end as they would; no socket is left', async (t) => {
  const held: ServerResponse[] = [];
  const { port, sockets } = await wire(t, (request, response) => {
    if (request.url?.endsWith('held')) held.push(response);
    else behind(request, response);
  });
  const account = accountAt(t, port, {
    attemptMs: 800,
    patienceMs: 800,
    behindForMs: 0,
    log: silentLog,
  });
  const underWay = ['held', 'held'].map((id) => read(account, id));
  while (held.length < 2) await systemClock.sleep(5);
  await t.throwsAsync(read(account), { message: /404\/1002/ });
  t.is(account.session(), 1);
  for (const response of held) answer(200, { id: 'held' })(response.req, response);
  for (const each of underWay) t.is((await each)?.id, 'held');
  await account.close();
  for (let n = 0; n < 100 && sockets.size > 0; n += 1) await systemClock.sleep(20);
  t.is(sockets.size, 0);
});
