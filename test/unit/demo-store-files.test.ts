import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { moveAway, putBack, whileAway } from '../../src/demo/store-files.js';
import { temporaryFolder } from '../support/temp.js';

const FILES = ['store.db', 'store.db-shm', 'store.db-wal'];
const MODULE = fileURLToPath(new URL('../../src/demo/store-files.js', import.meta.url));

function scene(t: ExecutionContext, files = FILES) {
  const folder = temporaryFolder(t);
  for (const name of files) writeFileSync(join(folder, name), name);
  const store = { path: join(folder, 'store.db'), awayFolder: join(folder, 'away') };
  const here = () => readdirSync(folder).filter((name) => name.startsWith('store.db'));
  return { folder, store, here };
}

test('all three go, and come back, however often it is done', (t) => {
  const { store, here } = scene(t);
  t.false(putBack(store), 'nothing is away');
  for (let n = 0; n < 2; n += 1) {
    moveAway(store);
    moveAway(store);
    t.deepEqual(here(), []);
    t.true(putBack(store));
    t.false(putBack(store));
    t.deepEqual(here(), FILES);
  }
  for (const name of FILES) t.is(readFileSync(join(store.path, '..', name), 'utf8'), name);
});

test('a closed database has no log', (t) => {
  const { store, here } = scene(t, ['store.db']);
  moveAway(store);
  t.true(putBack(store));
  t.deepEqual(here(), ['store.db']);
});

for (const done of [1, 2]) {
  test(`a move that broke off after ${done} of three is put back`, (t) => {
    const { store, here } = scene(t);
    mkdirSync(store.awayFolder);
    for (const suffix of ['', '-wal'].slice(0, done)) {
      renameSync(store.path + suffix, join(store.awayFolder, `store.db${suffix}`));
    }
    t.true(putBack(store));
    t.deepEqual(here(), FILES);
  });
}

test('at no moment is the database there without its log', (t) => {
  const going = scene(t);
  // In the way of the log: a file cannot replace a folder.
  mkdirSync(join(going.store.awayFolder, 'store.db-wal'), { recursive: true });
  t.throws(() => moveAway(going.store));
  t.deepEqual(going.here(), ['store.db-shm', 'store.db-wal'], 'the first to go');

  const coming = scene(t);
  moveAway(coming.store);
  mkdirSync(`${coming.store.path}-wal`);
  t.throws(() => putBack(coming.store));
  t.false(existsSync(coming.store.path), 'the last to come');
});

test('a database that was made in its place is kept beside it', (t) => {
  const { store } = scene(t);
  moveAway(store);
  writeFileSync(store.path, 'another');
  t.true(putBack(store));
  t.is(readFileSync(store.path, 'utf8'), 'store.db');
  const kept = join(store.awayFolder, 'made-meanwhile', 'store.db');
  t.is(readFileSync(kept, 'utf8'), 'another');
});

test('the work may fail: the database is back', async (t) => {
  const { store, here } = scene(t);
  const failing = whileAway(store, async () => {
    t.deepEqual(here(), []);
    throw new Error('in the middle');
  });
  await t.throwsAsync(failing, { message: 'in the middle' });
  t.deepEqual(here(), FILES);
});

for (const [name, end] of [
  ['an uncaught error', 'setTimeout(() => { throw new Error("unforeseen"); }, 20)'],
  ['process.exit, as by a second Ctrl-C', 'setTimeout(() => process.exit(130), 20)'],
  ['a terminal that is closed', 'process.kill(process.pid, "SIGHUP")'],
] as const) {
  test(`the process may end by ${name}: the database is back`, async (t) => {
    const { store, here } = scene(t);
    const script = `import { existsSync } from 'node:fs';
      import { whileAway } from ${JSON.stringify(MODULE)};
      await whileAway(${JSON.stringify(store)}, () => {
        console.log(existsSync(${JSON.stringify(store.path)}));
        ${end};
        return new Promise((done) => setTimeout(done, 10_000));
      });`;
    const args = ['--input-type=module', '-e', script];
    const said = await new Promise<string>((ended) => {
      execFile(process.execPath, args, (error, stdout) => ended(`${error?.code} ${stdout}`));
    });
    t.regex(said, /^(1|129|130) false/);
    t.deepEqual(here(), FILES);
    t.false(existsSync(join(store.awayFolder, 'store.db')));
  });
}
