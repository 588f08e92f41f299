import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createHost, foldersOf } from '../../monitor/observe/host.js';
import type { Outcome, ProcessSample, SupervisorView } from '../../monitor/observe/observation.js';
import { systemClock } from '../../src/clock.js';
import { ManualClock } from '../support/clock.js';
import { testConfig } from '../support/config.js';
import { answered, managed, noAnswer } from '../support/observations.js';

/** Above the highest pid Linux gives. */
const NOBODY = 2 ** 22 + 1;
const noDisks = { sample: async () => [] };
const noOrphans = { find: async () => [] };

const view = (processes: ProcessSample[] | null): SupervisorView =>
  processes === null
    ? { reachable: false, reason: 'test', daemon: null }
    : { reachable: true, processes, daemon: null };

/** A host whose health URL leads to this test. */
async function listening(t: ExecutionContext) {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.teardown(() => void server.close());
  const { port } = server.address() as { port: number };
  const healthUrl = `http://127.0.0.1:${port}/health`;
  return createHost({
    clock: systemClock,
    healthUrl,
    folders: [],
    disks: noDisks,
    orphans: noOrphans,
  });
}

const up = managed('api');
const failed = managed('api', { pid: 0, status: 'stopped', exitCode: 78, life: 'gone' });
const givenUp = managed('api', { pid: 0, status: 'errored', exitCode: 1, life: 'gone' });
const cases: [string, Outcome, ProcessSample[] | null, boolean][] = [
  ['our api answers', answered(), [up], false],
  ['an answer without a pid', { ...answered(), pid: null } as Outcome, [up], false],
  ['an answer of a process that PM2 does not list', answered(), [managed('api', { pid: 7 })], true],
  ['an answer, and PM2 cannot be asked', answered(), null, false],
  ['something else answers', noAnswer('foreign'), [up], true],
  ['something else answers, and PM2 cannot be asked', noAnswer('foreign'), null, true],
  ['our api hangs', noAnswer('timeout'), [up], false],
  ['our api ended with 78', noAnswer('timeout'), [failed], true],
  ['our api is given up', noAnswer('refused'), [givenUp], true],
  ['one of two is up', noAnswer('timeout'), [givenUp, up], false],
  ['PM2 has no api', noAnswer('refused'), [], false],
];
for (const [what, outcome, processes, asked] of cases) {
  test(`who has the port is ${asked ? '' : 'not '}looked up: ${what}`, async (t) => {
    const { portHolder } = await (await listening(t)).view(outcome, view(processes));
    t.is(portHolder?.pid, asked ? process.pid : undefined);
  });
}

test('what PM2 lists is completed: life, memory, and a time that no clock set later changes', async (t) => {
  const clock = new ManualClock();
  const host = createHost({ clock, healthUrl: 'http://127.0.0.1:1/', folders: [], disks: noDisks });
  const listed = [
    managed('api', { pid: process.pid, upMs: 99_999_999_999 }),
    managed('jobs', { pid: NOBODY, upMs: 5 }),
    managed('monitor', { pid: 0, status: 'stopped', upMs: null }),
  ];
  const [live, dead, none] = await host.processes(listed, null);
  t.is(live?.life, 'running');
  t.true((live?.memoryMb ?? 0) > 10);
  t.true((live?.upMs ?? 0) > 0 && (live?.upMs ?? 0) < 3_600_000);
  t.like(dead, { life: 'gone', memoryMb: null, upMs: 5 });
  t.like(none, { life: 'gone', memoryMb: null, upMs: null });
});

test('a stranger with the pid is not measured', async (t) => {
  const host = createHost({
    clock: systemClock,
    healthUrl: 'http://127.0.0.1:1/',
    folders: [],
    disks: noDisks,
  });
  const daemon = { pid: NOBODY, life: 'running', memoryMb: 60 } as const;
  const [stranger] = await host.processes([managed('api', { pid: process.pid })], daemon);
  t.like(stranger, { life: 'gone', memoryMb: null });
});

test('our own processes are handed to the search for orphans; one that hangs or fails costs a deadline', async (t) => {
  const clock = new ManualClock();
  const claimed: number[][] = [];
  let find = async (): Promise<never[]> => [];
  const host = createHost({
    clock,
    healthUrl: 'http://127.0.0.1:1/',
    folders: [],
    disks: noDisks,
    orphans: {
      find: (pids) => {
        claimed.push(pids);
        return find();
      },
    },
  });
  const gone = managed('jobs', { life: 'gone' });
  const processes = [managed('api'), gone, managed('monitor', { life: 'suspended' })];
  await host.view(answered(), view(processes));
  t.deepEqual(claimed, [[100, 300]]);
  find = () => Promise.reject(new Error('test'));
  t.deepEqual((await host.view(answered(), view(null))).orphans, []);
  find = () => new Promise(() => undefined);
  const hanging = host.view(answered(), view(null));
  await clock.advance(2000);
  t.deepEqual((await hanging).orphans, []);
});

test('the disk of the database is looked at where there is one', (t) => {
  const places = { MONITOR_STATE_DIR: '/state', PM2_HOME: '/pm2', SQLITE_PATH: '/base/data.db' };
  t.deepEqual(foldersOf(testConfig(places)), ['/state', '/base', '/pm2']);
  const account = {
    ...{ STORE: 'cosmos', COSMOS_ENDPOINT: 'https://of-ours.documents.azure.com' },
    COSMOS_KEY: Buffer.alloc(64).toString('base64'),
  };
  t.deepEqual(foldersOf(testConfig({ ...places, ...account })), ['/state', '/pm2']);
});
