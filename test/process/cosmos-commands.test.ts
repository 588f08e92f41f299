import test from 'ava';
import { startCosmosAccount } from '../../src/cosmos-account/run.js';
import { ImportBench } from '../support/import-process.js';

const DUMP = [
  { id: 'a1', name: 't3_a1', title: 'It works', selftext: '', num_comments: 1 },
  { id: 'b1', name: 't1_b1', body: 'Great', link_id: 't3_a1', parent_id: 't3_a1' },
].map((each) => ({
  ...{ ...each, subreddit: 'claude', author: 'somebody', score: 1 },
  ...{ permalink: `/r/claude/${each.id}`, created_utc: Math.floor(Date.now() / 1000) - 3600 },
}));

test('commands work with STORE=cosmos as they do otherwise, or say why not', async (t) => {
  const account = await startCosmosAccount();
  t.teardown(() => account.close());
  const env = { STORE: 'cosmos', COSMOS_ENDPOINT: account.url, COSMOS_KEY: account.key };
  const bench = new ImportBench(t);
  const run = async (command: string, args: string[] = [], input = '') => {
    const { child, ended } = bench.start(args, command, { ...env, DB_RETRY_BASE_DELAY: '0' });
    child.stdin?.end(input);
    const end = await ended;
    t.false(`${end.stdout}${end.stderr}`.includes(account.key), 'the key is never shown');
    return end;
  };
  const before = await run('verify-store');
  t.is(before.code, 78);
  t.regex(before.stderr, /npm run cosmos:setup/);
  t.is((await run('cosmos-setup')).code, 0);

  const dump = DUMP.map((each) => JSON.stringify(each)).join('\n');
  const imported = await run('import', ['--json', '-'], dump);
  t.is(imported.code, 0, imported.stderr);
  const { posts_new, comments_new } = JSON.parse(imported.stdout) as Record<string, number>;
  t.deepEqual([posts_new, comments_new], [1, 1]);
  const verified = await run('verify-store');
  t.is(verified.code, 0, verified.stderr);
  t.regex(verified.stdout, /^2 items/);
  t.is((await run('pause', ['--reason', 'a move'])).code, 0);
  t.regex((await run('resume')).stdout, /goes on; paused since/);

  const backup = await run('backup');
  t.is(backup.code, 1);
  t.regex(backup.stderr, /Azure keeps the backups/);
  const restored = await run('restore', ['backup.db']);
  t.is(restored.code, 78);
  t.regex(restored.stderr, /Azure keeps the backups/);
});
