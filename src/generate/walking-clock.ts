import type { Clock } from '../clock.js';

/** A clock whose wall time is set by hand; it waits and measures as the one that it is made of. */
export interface WalkingClock extends Clock {
  set(nowMs: number): void;
}

export function walkingClock(clock: Clock): WalkingClock {
  let nowMs = clock.now();
  return {
    now: () => nowMs,
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    set: (ms) => {
      nowMs = ms;
    },
  };
}
