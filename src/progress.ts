import type { Clock } from './clock.js';

/** Progress is shown from then on, and only where a person is looking. */
const SHOWN_AFTER_MS = 2000;
const SHOWN_EVERY_MS = 200;

/** One line of a command on standard error that is written over again and again. */
export interface ProgressLine {
  show(line: string): void;
  /** Before anything else is written. */
  clear(): void;
}

export function progressLine(clock: Clock, stream: NodeJS.WriteStream): ProgressLine {
  const began = clock.monotonic();
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    show(line) {
      const nowMs = clock.monotonic();
      if (!stream.isTTY || nowMs - began < SHOWN_AFTER_MS) return;
      if (nowMs - shownMs < SHOWN_EVERY_MS) return;
      shownMs = nowMs;
      stream.write(`\r\u001b[K${line}`);
    },
    clear() {
      if (Number.isFinite(shownMs)) stream.write('\r\u001b[K');
    },
  };
}
