import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);

/** Whatever does something when loaded: the only files that may. */
const ROOTS =
  /^(src\/main|jobs\/main|jobs\/thread|monitor\/(main|read\/(why|replay|silence-root))|src\/store\/sqlite\/thread|src\/cli\/[^/]+)\.js$/;

const modules = ['src', 'jobs', 'monitor'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name.replace(/\.ts$/, '.js'))),
);

/**
 * Imports every module given and says what that left: handles, output, changes of the
 * environment, listeners on the process. A process of its own, or ava's would be in the way.
 */
const PROBE = `
  const before = {
    env: JSON.stringify(process.env),
    cwd: process.cwd(),
    events: process.eventNames().sort().join(),
  };
  let output = '';
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write = (text) => ((output += text), true);
  const reads = [];
  const environment = process.env;
  Object.defineProperty(process, 'env', { get() {
    const place = new Error().stack.split('\\n')[2] ?? '';
    if (!place.includes('node_modules') && place.includes('/dist/')) reads.push(place.trim());
    return environment;
  } });
  for (const module of process.argv.slice(1)) await import(module);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const handles = process.getActiveResourcesInfo().filter((kind) => !/^(PipeWrap|TTYWrap)$/.test(kind));
  write(JSON.stringify({ output, reads, handles,
    changed: before.env !== JSON.stringify(environment) || before.cwd !== process.cwd(),
    listens: process.eventNames().sort().join() !== before.events,
  }));
`;

test('importing any module that is no root does nothing', async (t) => {
  const plain = modules.filter((name) => !ROOTS.test(name));
  t.true(plain.length > 80, `${plain.length} modules`);
  const urls = plain.map((name) => new URL(`../../${name}`, import.meta.url).href);
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', PROBE, ...urls]);
  t.deepEqual(JSON.parse(stdout), {
    output: '',
    reads: [],
    handles: [],
    changed: false,
    listens: false,
  });
});

test('every root is where the rules expect it', (t) => {
  const roots = modules.filter((name) => ROOTS.test(name)).sort();
  for (const name of ['jobs/main.js', 'jobs/thread.js', 'monitor/main.js', 'src/main.js']) {
    t.true(roots.includes(name), name);
  }
});

test('the import rules looked at every module', async (t) => {
  const cli = join('node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [
    '--config',
    '.dependency-cruiser.cjs',
    '--output-type',
    'json',
    'src',
    'jobs',
    'monitor',
  ];
  const { stdout } = await run(process.execPath, [cli, ...args], { maxBuffer: 64 * 1024 * 1024 });
  const { modules: seen, summary } = JSON.parse(stdout) as {
    modules: { source: string }[];
    summary: { violations: unknown[] };
  };
  const sources = new Set(seen.map(({ source }) => source));
  const unseen = modules
    .map((name) => name.replace(/\.js$/, '.ts'))
    .filter((name) => !sources.has(name));
  t.deepEqual(unseen, []);
  t.deepEqual(summary.violations, []);
});
