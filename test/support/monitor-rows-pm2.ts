import { systemClock } from '../../src/clock.js';
import { type Bed, INTERVAL_MS, PATIENT } from './monitor-bed.js';
import { must, type Row } from './monitor-rows.js';
import { eventually } from './pm2.js';

const ENTRIES = { daemon: /God Daemon/, api: /src\/main\.js/, jobs: /jobs\/main\.js/ };

const running = (bed: Bed, what: keyof typeof ENTRIES): number[] =>
  bed.alive().flatMap(({ pid, command }) => (ENTRIES[what].test(command) ? [pid] : []));

function mustRunOnce(bed: Bed): void {
  for (const what of ['daemon', 'api', 'jobs'] as const) {
    const pids = running(bed, what);
    must(pids.length === 1, `${pids.length} of ${what}: ${pids.join(', ')}`);
  }
}

const daemonKilled: Row = {
  name: 'PM2 killed',
  options: { monitor: 'outside', env: PATIENT },
  async run(bed, telling) {
    bed.signal('daemon', 'SIGKILL');
    await telling.told({ kind: 'alert', subject: 'pm2' });
    await eventually('the end of what it ran', () => {
      return running(bed, 'api').length + running(bed, 'jobs').length === 0;
    });
    await systemClock.sleep(10 * INTERVAL_MS);
    must(running(bed, 'daemon').length === 0, 'somebody has started PM2');
    await bed.start();
    await bed.steady();
    await telling.told({ kind: 'recovery', subject: 'pm2' });
    mustRunOnce(bed);
    // PM2 explains the api only while it is away: one that is slow to start after it is told.
    return { told: { pm2: ['alert', 'recovery'] }, maybe: ['api'] };
  },
};

/** They are searched for once a minute. */
const ORPHANS_WITHIN_MS = 100_000;

/** What cannot see that its PM2 is dead stays, and is in the way of the next one. */
const orphan: Row = {
  name: 'PM2 killed over a stopped runner',
  options: { monitor: 'outside' },
  async run(bed, telling) {
    const pid = bed.pid('jobs');
    bed.signal('jobs', 'SIGSTOP');
    bed.signal('daemon', 'SIGKILL');
    await telling.told({ kind: 'alert', subject: 'pm2' });
    await bed.start();
    const text = new RegExp(`\\b${pid}\\b`);
    await telling.told({ kind: 'warning', subject: 'orphans', text }, ORPHANS_WITHIN_MS);
    process.kill(pid, 'SIGKILL');
    await bed.steady();
    mustRunOnce(bed);
    return {
      told: { pm2: ['alert', 'recovery'], orphans: ['warning', 'recovery'] },
      maybe: ['api', 'process.jobs'],
    };
  },
};

const daemonStopped: Row = {
  name: 'PM2 stopped by SIGSTOP',
  options: { monitor: 'outside' },
  async run(bed, telling) {
    const [daemon, api] = [bed.pid('daemon'), bed.pid('api')];
    bed.signal('daemon', 'SIGSTOP');
    await telling.told({ kind: 'alert', subject: 'pm2' });
    must((await fetch(`${bed.url}/livez`)).status === 200, 'the API serves no longer');
    bed.signal('daemon', 'SIGCONT');
    await telling.told({ kind: 'recovery', subject: 'pm2' });
    must(bed.pid('daemon') === daemon && bed.pid('api') === api, 'something was restarted');
    return { told: { pm2: ['alert', 'recovery'] } };
  },
};

/** Under the PM2 that is stopped itself: its log comes late, its webhook does not. */
const daemonAndApiStopped: Row = {
  name: 'PM2 and api stopped at once',
  async run(bed, telling) {
    bed.signal('daemon', 'SIGSTOP');
    bed.signal('api', 'SIGSTOP');
    const alert = await telling.told({ kind: 'alert' }, 40_000);
    must(alert.subject === 'pm2', `${alert.subject} was told first: ${alert.text}`);
    const explained = () =>
      telling.journal().some(({ event, subject }) => event === 'explained' && subject === 'api');
    await eventually('an api that is explained', () => explained() || /\bapi\b/i.test(alert.text));
    bed.signal('api', 'SIGCONT');
    bed.signal('daemon', 'SIGCONT');
    return { told: { pm2: ['alert', 'recovery'] } };
  },
};

export const PM2_ROWS: Row[] = [daemonKilled, daemonStopped, daemonAndApiStopped];
/** Every monitor of the machine tells of an orphan: no other may run meanwhile. */
export const LONELY_ROWS: Row[] = [orphan];
