import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createHost } from '../../monitor/observe/host.js';
import type { Observation } from '../../monitor/observe/observation.js';
import { pm2Supervisor } from '../../monitor/observe/pm2.js';
import { observe } from '../../monitor/observe/probe.js';
import { figuresOf } from '../../monitor/figures/figures.js';
import { createMonitorMetrics } from '../../monitor/figures/metrics.js';
import { openFiles } from '../../monitor/records/files.js';
import { decide } from '../../monitor/rules/decide.js';
import { initialState } from '../../monitor/rules/state.js';
import { systemClock } from '../../src/clock.js';
import { freePort } from '../support/free-port.js';
import { silentLog } from '../support/log.js';
import { INTERVAL, policy } from '../support/monitor-play.js';
import { ownPm2 } from '../support/pm2.js';

/**
 * What the monitor's rounds cost: `node dist/test/bench/monitor-probes.js [PROBES]`. Runs three
 * stand-ins under a PM2 of its own and goes PROBES rounds without a pause, each as the loop does it:
 * look, decide, state, history, figures, on a clock that moves 15 s a round. Prints milliseconds
 * of processor time per round, its share of a core at 15 s, resident memory and open files on the
 * way, and what their level at the end is to that of the middle.
 */
const APP = resolve('dist/test/support/health-app-root.js');
const probes = Number(process.argv[2] ?? 1000);
const REPORTS = 10;

interface Level {
  rssMb: number;
  heapMb: number;
  files: number;
}

const home = mkdtempSync(join(tmpdir(), 'sentimentagent-bench-'));
process.env.PM2_HOME = home; // PM2's client reads it by itself
const ends: (() => void | Promise<void>)[] = [];
const { pm2 } = ownPm2(
  { teardown: (end: () => void | Promise<void>) => void ends.push(end) },
  home,
);
try {
  const port = await freePort();
  for (const name of ['api', 'jobs', 'monitor']) {
    const mode = name === 'api' ? ['-i', '1'] : [];
    const env = { HEALTH_PORT: String(name === 'api' ? port : 0) };
    const started = await pm2(['start', APP, '--name', name, '--wait-ready', ...mode], env);
    if (started.exitCode !== 0) throw new Error(started.stderr);
  }
  await measure(`http://127.0.0.1:${port}/health`);
} finally {
  for (const end of ends) await end();
  rmSync(home, { recursive: true, force: true });
}

async function measure(healthUrl: string): Promise<void> {
  const clock = systemClock;
  const supervisor = pm2Supervisor({ home, clock, timeoutMs: 5000, restartTimeoutMs: 60_000 });
  const host = createHost({ clock, healthUrl, folders: [home] });
  const files = openFiles({
    ...{ folder: join(home, 'state'), clock, log: silentLog },
    ...{ restartMs: policy.restartMs, readOnly: false },
  });
  const metrics = createMonitorMetrics();
  const own = { memoryMb: 0, loopDelayMs: 0 };
  let state = initialState(0, policy);
  let rounds = 0;
  const look = async () => {
    rounds += 1;
    const at = rounds * INTERVAL;
    const seen = await observe({ healthUrl, timeoutMs: 5000, clock, supervisor, host });
    const observation = { ...seen, at, silences: await files.silences() };
    const decision = decide(state, observation, policy);
    state = decision.state;
    await files.save(state);
    metrics.observe(observation, figuresOf(state, observation, policy, 0, own));
    await files.record(observation);
    return observation;
  };
  check(await look()); // loads PM2's client, once
  const levels: Level[] = [];
  const per = Math.ceil(probes / REPORTS);
  for (let report = 1; report <= REPORTS; report += 1) {
    const before = process.cpuUsage();
    for (let probe = 0; probe < per; probe += 1) check(await look());
    const { user, system } = process.cpuUsage(before);
    const level = now();
    levels.push(level);
    const cpuMs = (user + system) / 1000 / per;
    const share = ((100 * cpuMs) / INTERVAL).toFixed(2);
    const { rssMb, heapMb, files } = level;
    say(
      `${report * per} rounds: ${cpuMs.toFixed(1)} ms each (${share} % of a core), rss ${rssMb} MB, heap ${heapMb} MB, ${files} files`,
    );
  }
  const [middle, end] = [levels[REPORTS / 2 - 1], levels[REPORTS - 1]];
  if (middle && end) say(`end to middle: rss ${(end.rssMb / middle.rssMb).toFixed(2)} times`);
}

function check({ outcome, supervisor }: Observation): void {
  const well = supervisor.reachable && supervisor.processes.every(({ life }) => life === 'running');
  if (outcome.kind === 'answered' && well) return;
  throw new Error(`not a look at a healthy system: ${JSON.stringify({ outcome, supervisor })}`);
}

function now(): Level {
  const { rss, heapUsed } = process.memoryUsage();
  const mb = (bytes: number) => Math.round(bytes / 1024 / 1024);
  return { rssMb: mb(rss), heapMb: mb(heapUsed), files: readdirSync('/proc/self/fd').length };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
