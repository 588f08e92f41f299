import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from './clock.js';
import { oneDecimal, type ProcessFigures } from './health/report.js';

/** Looks at this process. `renew` starts the next measuring interval; `sample` is cheap. */
export interface ProcessSampler {
  sample(): ProcessFigures;
  renew(): void;
  close(): void;
}

const RESOLUTION_MS = 20;
const MIN_INTERVAL_MS = 100;

export function createProcessSampler(clock: Clock): ProcessSampler {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  let delayMs = 0;
  let cpu = process.cpuUsage();
  let since = clock.monotonic();
  let cpuPercent = 0;
  // The histogram holds the time from one tick of its timer to the next, so the timer's own
  // period is taken off; an empty one has a maximum of 0.
  const currentDelayMs = () => Math.max(0, histogram.max / 1e6 - RESOLUTION_MS);
  return {
    sample: () => ({
      uptime_seconds: Math.floor(process.uptime()),
      memory_mb: oneDecimal(process.memoryUsage.rss() / 1_048_576),
      cpu_percent: cpuPercent,
      pid: process.pid,
      event_loop_delay_ms: oneDecimal(Math.max(delayMs, currentDelayMs())),
    }),
    renew() {
      const elapsedMs = clock.monotonic() - since;
      if (elapsedMs < MIN_INTERVAL_MS) return;
      const used = process.cpuUsage(cpu);
      cpuPercent = oneDecimal((used.user + used.system) / 10 / elapsedMs);
      cpu = process.cpuUsage();
      since = clock.monotonic();
      delayMs = currentDelayMs();
      histogram.reset();
    },
    close: () => void histogram.disable(),
  };
}
