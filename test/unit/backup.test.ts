import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { makeBackup } from '../../src/keep/backup.js';
import { ManualClock } from '../support/clock.js';
import { testConfig } from '../support/config.js';
import { temporaryStore } from '../support/store.js';

test('a backup that is used as the database, where it lies, is never removed as old', async (t) => {
  const clock = new ManualClock();
  const { store, path } = await temporaryStore(t, { clock });
  const [dir, old] = [dirname(path), 'sentimentagent-20250101T000000Z.db'];
  const config = testConfig({ SQLITE_PATH: join(dir, old), BACKUP_DIR: dir });
  const other = 'sentimentagent-20250102T000000Z.db';
  for (const name of [old, other]) writeFileSync(join(dir, name), 'x');
  const { removed } = await makeBackup({ store, clock, config, nextLookMs: 0 });
  t.deepEqual([...new Set(removed)], [other]);
  t.true(existsSync(join(dir, old)));
});
