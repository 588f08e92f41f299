import { must, type Row } from './monitor-rows.js';
import type { Bed } from './monitor-bed.js';
import { eventually } from './pm2.js';

const FAST_LIMIT_MB = 300;
/** Between the API's own limits for degraded (450) and unhealthy (500). */
const DEGRADED_AT_MB = 475;

async function memoryMb(bed: Bed): Promise<number> {
  const answer = await fetch(`${bed.url}/health`);
  return ((await answer.json()) as { process: { memory_mb: number } }).process.memory_mb;
}

const fastLeak: Row = {
  name: 'api leaks fast',
  options: { env: { MONITOR_MEMORY_LIMIT_MB: String(FAST_LIMIT_MB) } },
  async run(bed, telling) {
    bed.order('api', { do: 'leak', mbPerSecond: 100, mb: 260 });
    const cause = 'memory_over_limit';
    await telling.told({ kind: 'alert', subject: 'memory.api', cause });
    await telling.told({ kind: 'recovery', subject: 'memory.api' });
    must((await memoryMb(bed)) < FAST_LIMIT_MB, 'it has not let go');
    return { told: { 'memory.api': ['alert', 'recovery'] }, restarts: { api: 1 } };
  },
};

const degraded: Row = {
  name: 'api degraded',
  options: { env: { MONITOR_MEMORY_LIMIT_MB: '800' } },
  async run(bed, telling) {
    const mb = DEGRADED_AT_MB - (await memoryMb(bed));
    bed.order('api', { do: 'leak', mbPerSecond: 400, mb });
    await telling.told({ kind: 'warning', subject: 'api.degraded', text: /memory_high/ });
    bed.order('api', { do: 'release' });
    await eventually('memory that is given back', async () => (await memoryMb(bed)) < 450);
    return { told: { 'api.degraded': ['warning', 'recovery'] } };
  },
};

/** A slow leak is forecast from many minutes, whatever the interval: unit tests have that. */
export const MEMORY_ROWS: Row[] = [fastLeak, degraded];
