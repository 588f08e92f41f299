import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../clock.js';
import type { Steps } from '../../../trending/steps.js';

/** Others have the event loop after so long. */
const SLICE_MS = 8;

/** Takes the steps to their end, in slices between which the event loop goes on. */
export async function inSlices<T>(steps: Steps<T>, clock: Clock): Promise<T> {
  for (let beganMs = clock.monotonic(); ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (clock.monotonic() - beganMs < SLICE_MS) continue;
    await setImmediate();
    beganMs = clock.monotonic();
  }
}
