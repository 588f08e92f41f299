import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import Database from 'better-sqlite3';
import { execa } from 'execa';
import { systemClock } from '../../src/clock.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle, temporaryStore } from '../support/store.js';
import { temporaryFolder } from '../support/temp.js';

const compiled = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const WRITER = compiled('./store-writer-root.js');
const VERIFY = compiled('../../src/cli/verify-store.js');

const options = (cwd: string, env: Record<string, string>) => ({
  ...{ cwd, env: { ...env, NODE_ENV: 'test' }, extendEnv: false, reject: false },
  timeout: 60_000,
});

test.serial(
  'processes create, write and read one store at once, and end by themselves',
  async (t) => {
    const folder = temporaryFolder(t);
    const path = join(folder, 'new', 'store.db');
    const roles = ['collector', 'runner', 'other', 'reader'];
    const runs = roles.map((role) =>
      execa(process.execPath, [WRITER, role, '40'], options(folder, { SQLITE_PATH: path })),
    );
    for (const [index, run] of (await Promise.all(runs)).entries()) {
      t.is(run.exitCode, 0, `${roles[index]}: ${run.stderr}`);
    }
    const db = new Database(path, { readonly: true });
    t.deepEqual(db.prepare('SELECT posts, comments FROM rollups_hourly').all(), [
      { posts: 0, comments: 80 },
    ]);
    db.close();
  },
);

test.serial('verify-store: no differences, differences, repair', async (t) => {
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  const fence = await beginTestCycle(store, systemClock);
  const items = {
    posts: [aPost()],
    comments: [aComment({ created_utc: '2026-01-15T05:00:00.000Z' })],
  };
  await store.commit({ fence, subreddit: 'claude', ...items });
  const folder = temporaryFolder(t);
  const verify = (...args: string[]) =>
    execa(process.execPath, [VERIFY, ...args], options(folder, { SQLITE_PATH: path }));

  const clean = await verify();
  t.is(clean.exitCode, 0, clean.stderr);
  t.is(clean.stdout, '2 items, 2 hourly rollups\n0 differences');

  const db = new Database(path);
  db.exec(`UPDATE rollups_hourly SET posts = 9, score_sum = 1 WHERE hour LIKE '%T11%'`);
  db.exec(`DELETE FROM rollups_hourly WHERE hour LIKE '%T05%'`);
  db.exec(`INSERT INTO rollups_hourly VALUES
    ('2026-01-15T07:00:00.000Z', 'aws', 1, 0, 1, 0, 0, 5, '2026-01-15T07:01:00.000Z', 0, 0)`);
  db.close();
  const before = (await store.ping()).data_version;
  const wrong = await verify();
  t.is(wrong.exitCode, 1);
  t.regex(wrong.stdout, /^2 items, 2 hourly rollups\n3 differences\n/);
  t.regex(wrong.stdout, /r\/claude 2026-01-15T11:00:00\.000Z: stored 9 posts.*; recounted 1 posts/);
  t.regex(wrong.stdout, /r\/claude 2026-01-15T05:00:00\.000Z: stored none; recounted 0 posts/);
  t.regex(wrong.stdout, /r\/aws 2026-01-15T07:00:00\.000Z: stored 1 posts.*; recounted none/);
  t.is((await store.ping()).data_version, before, 'looking changes nothing');

  const repaired = await verify('--repair', '--json');
  t.is(repaired.exitCode, 0);
  t.deepEqual(JSON.parse(repaired.stdout), {
    ...{ items: 2, rollups: 2, differences: [], stale_terms: 0, repaired: 3 },
  });
  t.true((await store.ping()).data_version > before, 'readers see the repair');
  t.is((await verify()).exitCode, 0);
});

test.serial('verify-store: refusals name cause and cure', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'directory'));
  const verify = (env: Record<string, string>, ...args: string[]) =>
    execa(process.execPath, [VERIFY, ...args], options(folder, env));
  const missing = await verify({ SQLITE_PATH: 'none.db' });
  t.is(missing.exitCode, 78);
  t.regex(missing.stderr, /There is no database .*none\.db\. Cure: .*SQLITE_PATH/);
  const directory = await verify({ SQLITE_PATH: 'directory' });
  t.is(directory.exitCode, 78);
  t.regex(directory.stderr, /is a directory.*SQLITE_PATH/);
  t.is((await verify({ SQLITE_PAHT: 'x' })).exitCode, 78);
  t.is((await verify({}, '--nonsense')).exitCode, 64);
  const help = await verify({}, '--help');
  t.is(help.exitCode, 0);
  t.regex(help.stdout, /--repair/);
});
