import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { OwnFigures } from './metrics.js';

const RESOLUTION_MS = 20;
const BYTES_PER_MB = 1024 * 1024;

/** Watches the monitor's own process. */
export interface SelfWatch {
  /** Since the sample before. */
  sample(): OwnFigures;
  close(): void;
}

export function watchSelf(): SelfWatch {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    sample() {
      // Its timer's period is measured, of which only what exceeds the period is a delay.
      const loopDelayMs = delay.count === 0 ? 0 : Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
      delay.reset();
      return {
        memoryMb: Math.round((process.memoryUsage.rss() / BYTES_PER_MB) * 10) / 10,
        loopDelayMs: Math.round(loopDelayMs * 10) / 10,
      };
    },
    close: () => void delay.disable(),
  };
}
