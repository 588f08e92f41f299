import { fileURLToPath } from 'node:url';
import test from 'ava';
import { execa } from 'execa';
import { simulation } from '../support/reddit.js';
import { temporaryFolder } from '../support/temp.js';

const COLLECT = fileURLToPath(new URL('../../src/cli/collect.js', import.meta.url));

test.serial(
  'the record on standard output stays one JSON object when things go wrong',
  async (t) => {
    const reddit = await simulation(t);
    reddit.faults.add([{ kind: 'unauthorized', route: 'token' }]);
    const cwd = temporaryFolder(t);
    const { exitCode, stdout, stderr } = await execa(process.execPath, [COLLECT, '--json'], {
      ...{ cwd, extendEnv: false, reject: false, timeout: 60_000 },
      env: {
        ...{ NODE_ENV: 'production', SQLITE_PATH: 'store.db', SUBREDDITS: 'aws' },
        ...{ REDDIT_BASE_URL: reddit.url, REDDIT_USER_AGENT: 'test' },
        ...{ REDDIT_CLIENT_ID: 'id', REDDIT_CLIENT_SECRET: 'a secret' },
      },
    });
    t.is(exitCode, 1);
    t.is((JSON.parse(stdout) as { status: string }).status, 'failed');
    t.regex(stderr, /"subreddit failed"/);
  },
);
