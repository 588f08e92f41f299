import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadSettings } from '../../src/config.js';
import { AppError } from '../../src/errors.js';
import { temporaryFolder } from '../support/temp.js';

const KEY = Buffer.alloc(64, 9).toString('base64');
const account = {
  STORE: 'cosmos',
  COSMOS_ENDPOINT: 'https://mine.documents.azure.com:443/',
  COSMOS_KEY: KEY,
};

test('an account is configured, with its key apart', (t) => {
  const { config, secrets, warnings } = loadSettings({ ...account, COSMOS_CA_FILE: 'ca.pem' });
  t.deepEqual(config.store.cosmos, {
    endpoint: 'https://mine.documents.azure.com',
    ...{ database: 'sentiment_analysis', caFile: 'ca.pem', maxConnections: 16 },
  });
  t.is(config.store.kind, 'cosmos');
  t.is(secrets.cosmosKey, KEY);
  t.false(JSON.stringify(config).includes(KEY));
  t.deepEqual(warnings, []);
});

test('the key comes from a file as well', (t) => {
  const { COSMOS_KEY: _, ...rest } = account;
  const file = join(temporaryFolder(t), 'key');
  writeFileSync(file, `${KEY}\n`);
  t.is(loadSettings({ ...rest, COSMOS_KEY_FILE: file }).secrets.cosmosKey, KEY);
  const error = refusal(t, { ...rest, COSMOS_KEY_FILE: '/nowhere' });
  t.is(error.message, 'COSMOS_KEY_FILE="/nowhere" is not accepted: it cannot be read (ENOENT)');
});

test('without STORE=cosmos an account is told to have no effect, and its key is not kept', (t) => {
  const { config, secrets, warnings } = loadSettings({ ...account, STORE: 'sqlite' });
  t.is(config.store.cosmos, null);
  t.is(secrets.cosmosKey, null);
  t.deepEqual(warnings, ['COSMOS_ENDPOINT has no effect without STORE=cosmos']);
});

test('an emulator on this machine may speak http', (t) => {
  for (const endpoint of ['http://127.0.0.1:8081', 'http://localhost:8081/', 'http://[::1]:8081']) {
    t.notThrows(() => loadSettings({ ...account, COSMOS_ENDPOINT: endpoint }));
  }
});

const refusals: [name: string, env: Record<string, string>, says: RegExp][] = [
  ['no endpoint', { COSMOS_ENDPOINT: '' }, /^STORE=cosmos needs COSMOS_ENDPOINT$/],
  ['no key', { COSMOS_KEY: '' }, /^STORE=cosmos needs COSMOS_KEY or COSMOS_KEY_FILE$/],
  ['the key twice', { COSMOS_KEY_FILE: '/f' }, /COSMOS_KEY and COSMOS_KEY_FILE are both set/],
  [
    'http elsewhere',
    { COSMOS_ENDPOINT: 'http://mine.documents.azure.com/' },
    /takes the https URL/,
  ],
  ['no URL', { COSMOS_ENDPOINT: 'mine' }, /takes the https URL/],
  ['a path', { COSMOS_ENDPOINT: 'https://mine.documents.azure.com/dbs' }, /takes the https URL/],
  [
    'a connection string',
    { COSMOS_ENDPOINT: `AccountEndpoint=https://mine.documents.azure.com:443/;AccountKey=${KEY};` },
    /COSMOS_ENDPOINT.*takes the https URL/,
  ],
  ['a key in a URL', { COSMOS_ENDPOINT: `https://a:${KEY}@mine.example/` }, /takes the https URL/],
  ['half a key', { COSMOS_KEY: KEY.slice(0, 30) }, /COSMOS_KEY is not accepted/],
  ['a password', { COSMOS_KEY: 'correct horse battery staple' }, /COSMOS_KEY is not accepted/],
  ['a database that is none', { COSMOS_DATABASE: 'a/b' }, /COSMOS_DATABASE="a\/b"/],
  ['no connections', { STORE_MAX_CONNECTIONS: '0' }, /STORE_MAX_CONNECTIONS="0".*1 to 256/],
];
for (const [name, env, says] of refusals) {
  test(`refused: ${name}`, (t) => {
    const { message, exitCode } = refusal(t, { ...account, ...env });
    t.regex(message, says);
    t.is(exitCode, 78);
    t.false(message.includes(KEY.slice(0, 20)));
    t.false(message.includes('horse'));
  });
}

function refusal(t: { fail(message: string): void }, env: Record<string, string>): AppError {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  t.fail('it was accepted');
  throw new Error('it was accepted');
}
