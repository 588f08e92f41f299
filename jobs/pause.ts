import type { Pause } from '../src/domain/pause.js';
import type { Log } from '../src/log.js';
import type { KeepStore } from '../src/store/keep-store.js';

export interface PauseGate {
  /** Looks anew, and lets in what was kept out when the pause is over. @throws as the store does. */
  look(): Promise<void>;
  /** Whether a run has to stay out; remembered, so that it is made up for once, at the end. */
  keepsOut(): Promise<boolean>;
}

/**
 * What stands between the schedule and collection while that is paused. However many runs were
 * kept out, one is made up for when it goes on.
 */
export function createPauseGate(
  store: Pick<KeepStore, 'pauseState'>,
  log: Log,
  letIn: () => void,
): PauseGate {
  let known: Pause | null = null;
  let missed = false;

  const look = async (): Promise<void> => {
    const now = await store.pauseState();
    if (now !== null && known === null) {
      log.warn({ ...now }, 'collection is paused; npm run resume lets it go on');
    }
    const over = now === null && known !== null;
    known = now;
    if (!over) return;
    log.info({ run_at_once: missed }, 'collection goes on');
    if (missed) letIn();
    missed = false;
  };

  return {
    look,
    async keepsOut() {
      try {
        await look();
      } catch {
        // As it was; the run itself asks again, and waits for a store that is away.
      }
      if (known !== null) missed = true;
      return known !== null;
    },
  };
}
