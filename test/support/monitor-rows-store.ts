import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { moveAway, putBack } from '../../src/demo/store-files.js';
import { INTERVAL_MS, PATIENT } from './monitor-bed.js';
import { must, type Row } from './monitor-rows.js';
import { eventually } from './pm2.js';

/** Enough for a restart to be made, judged and made again, if anybody thought of one. */
const LONG_MS = 20 * INTERVAL_MS;

const databaseAway: Row = {
  name: 'database away',
  async run(bed, telling) {
    const store = { path: bed.databasePath, awayFolder: join(bed.folder, 'away') };
    moveAway(store);
    await telling.told({ kind: 'alert', subject: 'api', cause: 'database_unreachable' });
    await systemClock.sleep(LONG_MS);
    putBack(store);
    await telling.told({ kind: 'recovery', subject: 'api' });
    must(bed.starts('api').length === 1, 'the api was restarted');
    return { told: { api: ['alert', 'recovery'] } };
  },
};

/** One fault behind both: what is told names it, and what it explains is not told again. */
const databaseAndJobs: Row = {
  name: 'database away, and jobs end with 69 over it',
  options: { env: { ...PATIENT, SQLITE_PATH: 'data/store.db' } },
  started: false,
  async run(bed, telling) {
    const disk = join(bed.folder, 'disk');
    mkdirSync(disk);
    symlinkSync('disk', join(bed.folder, 'data'));
    await bed.start();
    await bed.steady();
    renameSync(disk, `${disk}.away`);
    await eventually('an API that has noticed', async () => {
      return (await fetch(`${bed.url}/health`)).status === 503;
    });
    bed.signal('jobs', 'SIGKILL');
    const alert = await telling.told({ kind: 'alert' });
    must(
      alert.subject === 'api' && alert.cause === 'database_unreachable',
      `${alert.subject} (${alert.cause}) was told first`,
    );
    const explained = () =>
      telling
        .journal()
        .some(({ event, subject }) => event === 'explained' && subject === 'process.jobs');
    await eventually('jobs that are explained', () => explained() || /\bjobs\b/.test(alert.text));
    await systemClock.sleep(LONG_MS);
    renameSync(`${disk}.away`, disk);
    return { told: { api: ['alert', 'recovery'] } };
  },
};

/** Six seconds between cycles: stale after nine of them is degraded, after 24 unhealthy. */
const COLLECTING = {
  COLLECTION_INTERVAL_MINUTES: '0.1',
  COLLECTION_DEADLINE_MINUTES: '0.08',
  REDDIT_TIMEOUT_SECONDS: '1',
};

const redditDown: Row = {
  name: 'Reddit down until data are stale',
  options: { collection: true, env: COLLECTING },
  async run(bed, telling) {
    await eventually('a cycle', async () => {
      const answer = await fetch(`${bed.url}/health`);
      const { application } = (await answer.json()) as {
        application: { last_collection_at: string | null };
      };
      return application.last_collection_at !== null;
    });
    await bed.simulator?.inject({ kind: 'reset' });
    const warning = await telling.told({ kind: 'warning', subject: 'api.degraded' });
    const alert = await telling.told(
      { kind: 'alert', subject: 'api', cause: 'data_stale' },
      45_000,
    );
    await systemClock.sleep(LONG_MS);
    await bed.simulator?.heal();
    await telling.told({ kind: 'recovery', subject: 'api' });
    must(bed.starts('api').length + bed.starts('jobs').length === 2, 'something was restarted');
    must(
      /data_stale|cycles_failing|never_collected/.test(warning.text),
      `no causes: ${warning.text}`,
    );
    must(/no restart/.test(alert.action), `its action is ${alert.action}`);
    // How long the first cycle takes is the machine's matter, and so how often it is degraded;
    // at the end it is, for failed cycles count for 24 h.
    return { told: { api: ['alert', 'recovery'] }, any: ['api.degraded'] };
  },
};

export const STORE_ROWS: Row[] = [databaseAway, databaseAndJobs, redditDown];
