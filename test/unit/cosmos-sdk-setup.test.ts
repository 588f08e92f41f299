import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CosmosClient } from '@azure/cosmos';
import test, { type ExecutionContext } from 'ava';
import { type CosmosAccount, startCosmosAccount } from '../../src/cosmos-account/run.js';
import type { AppError } from '../../src/errors.js';
import { azureCommands } from '../../src/store/cosmos/account/commands.js';
import { CONTAINERS, CONTROL, ITEMS, lacks } from '../../src/store/cosmos/account/containers.js';
import { setUp, verifyContainers } from '../../src/store/cosmos/account/setup.js';
import { accountAt } from '../support/cosmos-wire.js';
import { temporaryFolder } from '../support/temp.js';

const CLI = fileURLToPath(new URL('../../src/cli/cosmos-setup.js', import.meta.url));
const OPTIONS = { database: 'sentiment_analysis', throughput: null };

async function empty(t: ExecutionContext) {
  const standin = await startCosmosAccount({ onFailure: (error) => t.fail(String(error)) });
  t.teardown(() => standin.close());
  const { key, url } = standin;
  const { definitions } = accountAt(t, url, { key, attemptMs: 10_000, patienceMs: 10_000 });
  const connectionPolicy = { enableEndpointDiscovery: false };
  const client = new CosmosClient({ endpoint: url, key, connectionPolicy });
  t.teardown(() => client.dispose());
  return { standin, definitions, client };
}

test('an empty account is set up; a second time nothing is to do', async (t) => {
  const { definitions } = await empty(t);
  const missing = await t.throwsAsync<AppError>(verifyContainers(definitions));
  t.is(missing.code, 'store_unusable');
  t.is(missing.message, 'The Cosmos database has no container items');
  t.is(missing.cure, 'run npm run cosmos:setup');
  const first = await setUp(definitions, OPTIONS);
  t.deepEqual(
    first.map(({ what, name, outcome }) => `${what} ${name} ${outcome}`),
    ['database sentiment_analysis created', 'container items created', 'container control created'],
  );
  await t.notThrowsAsync(verifyContainers(definitions));
  const second = await setUp(definitions, OPTIONS);
  t.true(second.every(({ outcome }) => outcome === 'as it should be'));
});

test('a container without our indexes is told at start, and changed by set-up', async (t) => {
  const { definitions, client } = await empty(t);
  const { database } = await client.databases.create({ id: 'sentiment_analysis' });
  // As the portal makes them.
  await database.containers.create({ id: 'items', partitionKey: { paths: ['/subreddit'] } });
  await database.containers.create({ id: 'control', partitionKey: { paths: ['/scope'] } });
  const { message } = await t.throwsAsync<AppError>(verifyContainers(definitions));
  t.regex(message, /lacks documents with a time to live \(default −1\) in its container items/);
  const steps = await setUp(definitions, OPTIONS);
  t.deepEqual(steps[2], {
    ...{ what: 'container', name: 'control', outcome: 'changed' },
    lacked: [
      'documents with a time to live (default −1)',
      'the composite index (/kind, /started_at, /id)',
    ],
  });
  await t.notThrowsAsync(verifyContainers(definitions));
});

test('a container with another partition key is left alone and told', async (t) => {
  const { definitions, client } = await empty(t);
  const { database } = await client.databases.create({ id: 'sentiment_analysis' });
  await database.containers.create({ id: 'items', partitionKey: { paths: ['/id'] } });
  const error = await t.throwsAsync<AppError>(setUp(definitions, OPTIONS));
  t.is(error.code, 'store_unusable');
  t.regex(error.message, /partition key is \/id instead of \/subreddit/);
  t.regex(error.cure ?? '', /COSMOS_DATABASE/);
});

test('an index serves where a wider one is, or the opposite order', (t) => {
  const found = { partitionKey: '/scope', defaultTtl: -1, indexingPolicy: CONTROL.indexingPolicy };
  const with_ = (indexingPolicy: object) => lacks({ ...found, indexingPolicy }, CONTROL);
  const { compositeIndexes = [] } = CONTROL.indexingPolicy;
  const all = { includedPaths: [{ path: '/*' }], excludedPaths: [{ path: '/"_etag"/?' }] };
  t.deepEqual(with_({ ...all, compositeIndexes }), []);
  const turned = compositeIndexes.map((index) =>
    index.map(({ path }) => ({ path, order: 'ascending' as const })),
  );
  t.deepEqual(with_({ ...all, compositeIndexes: turned }), []);
  const mixed = turned.map((index) =>
    index.map((one, i) => (i === 0 ? { ...one, order: 'descending' as const } : one)),
  );
  t.is(with_({ ...all, compositeIndexes: mixed }).length, 1);
  t.is(with_({ ...all, excludedPaths: [{ path: '/kind/?' }], compositeIndexes }).length, 1);
  t.is(with_({ ...CONTROL.indexingPolicy, indexingMode: 'none' }).length, 1);
});

test('every property that a query names is indexed, or known to be only read', (t) => {
  const ONLY_READ = new Set(['id', '_ts', 'name', 'lines', 'hours', 'items']);
  const indexed = new Set(
    CONTAINERS.flatMap(({ indexingPolicy: { includedPaths = [] } }) =>
      includedPaths.map(({ path }) => path.split('/')[1] ?? ''),
    ),
  );
  const folder = 'src/store/cosmos';
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('account/'),
  );
  const named = sources.flatMap((name) =>
    [...readFileSync(`${folder}/${name}`, 'utf8').matchAll(/\bc(?:\.(\w+)|\["(\w+)"\])/g)].map(
      (match) => match[1] ?? match[2] ?? '',
    ),
  );
  const unknown = named.filter((name) => !indexed.has(name) && !ONLY_READ.has(name));
  t.deepEqual([...new Set(unknown)], []);
});

test("Azure's own commands say the same", (t) => {
  const text = azureCommands("it's", 1000);
  t.regex(text, /sql database create .*--name 'it'\\''s' --throughput 1000/);
  for (const { id, partitionKey, indexingPolicy } of [ITEMS, CONTROL]) {
    const [, policy = ''] =
      new RegExp(`cat > ${id}-policy.json <<'END'\n([^]*?)\nEND`).exec(text) ?? [];
    t.deepEqual(JSON.parse(policy), indexingPolicy);
    t.true(text.includes(`--partition-key-path ${partitionKey} `));
  }
});

test('npm run cosmos:setup', async (t) => {
  const { standin } = await empty(t);
  const run = runner(t, standin);
  t.deepEqual(await run('--throughput', '1000', '--json'), {
    ...{ code: 0, stderr: '' },
    stdout: `${JSON.stringify({
      steps: [
        { what: 'database', name: 'mine', lacked: [], outcome: 'created' },
        { what: 'container', name: 'items', outcome: 'created', lacked: [] },
        { what: 'container', name: 'control', outcome: 'created', lacked: [] },
      ],
    })}\n`,
  });
  const again = await run('--throughput', '1000');
  t.regex(again.stdout, /^database mine: as it should be\ncontainer items: as it should be\n/);
  t.regex(again.stderr, /throughput stays as it is/);
  const printed = await run('--print');
  t.is(printed.stdout, azureCommands('mine', null));
  const help = await run('--help');
  t.regex(help.stdout, /Exit codes: 0 /);
  for (const wrong of ['50', '450', '1e3', 'much']) {
    t.is((await run('--throughput', wrong)).code, 64);
  }
  const other = await run.with({ COSMOS_KEY: Buffer.alloc(64, 1).toString('base64') });
  t.is(other.code, 78);
  t.regex(other.stderr, /refuses the key \(401\).*Cure: correct COSMOS_KEY/);
  t.is((await run.with({ STORE: 'sqlite' })).code, 78);
  await standin.close();
  const gone = await run();
  t.is(gone.code, 69);
  t.regex(gone.stderr, /cannot be reached, ECONNREFUSED/);
});

function runner(t: ExecutionContext, { url, key }: CosmosAccount) {
  const cwd = temporaryFolder(t);
  const account = { COSMOS_ENDPOINT: url, COSMOS_KEY: key, COSMOS_DATABASE: 'mine' };
  const start = async (args: string[], env: Record<string, string>) => {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [CLI, ...args], {
        ...{ cwd, timeout: 60_000 },
        env: { PATH: process.env.PATH ?? '', STORE: 'cosmos', ...account, ...env },
      });
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      t.false(stderr.includes(key));
      return { code, stdout, stderr };
    }
  };
  return Object.assign((...args: string[]) => start(args, {}), {
    with: (env: Record<string, string>) => start([], env),
  });
}
