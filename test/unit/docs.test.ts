import { existsSync, readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { runbookSection } from '../../monitor/read/runbook.js';
import { EnvSchema, KEYS_TO_COME } from '../../src/config-schema.js';
import { API_PREFIX } from '../../src/app.js';
import { ERROR_CODES } from '../../src/errors.js';
import { buildTestApp } from '../support/app.js';
import { configTable, envExample } from '../support/config-docs.js';

const documents = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('deployment').flatMap((name) =>
    name.endsWith('.md') ? [`deployment/${name}`] : [],
  ),
];
const text = (path: string) => readFileSync(path, 'utf8');
const found = (path: string, pattern: RegExp) => [
  ...new Set([...text(path).matchAll(pattern)].map((match) => match[1] ?? '')),
];

/** Names in capitals that are somebody else's. */
const FOREIGN = new Set([
  ...KEYS_TO_COME,
  ...['PM2_HOME', 'NODE_ENV', 'NODE_CLUSTER_SCHED_POLICY', 'KEY_FILE', 'SIGKILL', 'SIGTERM'],
  ...['NOTIFY_SOCKET', 'WATCHDOG_PID', 'SYSTEMD_EXEC_PID'],
  ...[
    'TEST_COSMOS_ENDPOINT',
    'TEST_COSMOS_KEY',
    'SIGINT',
    'SIGSTOP',
    'SIGUSR1',
    'PM2_DISCRETE_MODE',
    'PM2_DISABLE_VERSION_CHECK',
    'MAX_BATCH',
  ],
]);

test('.env.example is what the schema says', (t) => {
  t.is(text('.env.example'), envExample());
});

test("the README's table is what the schema says", (t) => {
  const [, table] =
    /<!-- config-table:.*-->\n([\s\S]*?)\n<!-- \/config-table -->/.exec(text('README.md')) ?? [];
  t.is(table, configTable());
});

for (const path of documents) {
  test(`${path}: every script exists`, (t) => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    for (const name of found(path, /npm run ([a-z][a-z:-]*[a-z])/g)) t.true(name in scripts, name);
    t.pass();
  });

  test(`${path}: every path exists`, (t) => {
    const pattern = /`((?:src|jobs|monitor|test|deployment)\/[\w./-]*)`/g;
    for (const name of found(path, pattern)) t.true(existsSync(name), name);
    t.pass();
  });

  test(`${path}: every variable exists`, (t) => {
    for (const name of found(path, /`([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=[^`]*)?`/g)) {
      t.true(name in EnvSchema.properties || FOREIGN.has(name), name);
    }
    t.pass();
  });
}

test("the README's routes are the API's", async (t) => {
  const { app } = await buildTestApp(t);
  const named = found('README.md', /^\| `((?:GET|POST) \/[^`]*)` \|/gm);
  t.true(named.length >= 10);
  for (const route of named) {
    const [method = 'GET', path = ''] = route.split(' ');
    const url = path.replace('{id}', ':id');
    const known = [url, `${API_PREFIX}${url}`].some((at) =>
      app.hasRoute({ method: method, url: at }),
    );
    t.true(known, route);
  }
});

test('the runbook has a row for every failure of Reddit', (t) => {
  const rows = found('deployment/RUNBOOK.md', /^\| `(reddit_\w+)` \|/gm).sort();
  t.deepEqual(rows, ERROR_CODES.filter((code) => code.startsWith('reddit_')).sort());
});

test('ARCHITECTURE.md can be read at once', (t) => {
  t.true(text('ARCHITECTURE.md').split('\n').length < 150);
});

test('the runbook has an entry for each cause that the monitor tells', (t) => {
  const headings = new Set(text('deployment/RUNBOOK.md').match(/(?<=^##+ ).+$/gm));
  const folder = 'monitor/rules';
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => text(`${folder}/${name}`));
  const causes = sources.flatMap((source) => source.match(/(?<=\bcause: ')\w+(?=')/g) ?? []);
  t.true(new Set(causes).size >= 10);
  for (const cause of [...causes, 'timeout', 'refused', 'broken', 'server_error', 'exit_69']) {
    t.true(headings.has(runbookSection(cause)), cause);
  }
});
