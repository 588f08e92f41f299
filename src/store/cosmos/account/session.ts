import type { CosmosClient } from '@azure/cosmos';
import type { Clock } from '../../../clock.js';
import type { Log } from '../../../log.js';

/**
 * One client's session: what it has written and seen, it reads. The SDK keeps it as one number for
 * each range of a container, and has no way to forget it: under a container that was deleted and made
 * anew, or was put back from an emptier copy, every read would ask for more than is there, for ever.
 */
export interface Session {
  /** Another one once it was forgotten; so every attempt asks for it. */
  client(): CosmosClient;
  /** How often it was forgotten. */
  number(): number;
  /**
   * A call that began then has ended, and the account was behind in all of it. When that goes on for some
   * seconds, the session is forgotten: from then on a read may find less than one before it did, once.
   * What is under way ends on the client that it began with.
   */
  behind(beganMs: number): void;
  close(): void;
}

export interface SessionDeps {
  connect: () => CosmosClient;
  clock: Clock;
  log: Log;
  behindForMs?: number;
}

/** What a replica lags behind in the ordinary way passes sooner; whoever follows the store would begin anew. */
const BEHIND_FOR_MS = 5000;

export function createSession(deps: SessionDeps): Session {
  const { connect, clock, log, behindForMs = BEHIND_FOR_MS } = deps;
  let client = connect();
  let number = 0;
  let sinceMs = 0;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    client: () => client,
    number: () => number,
    behind(beganMs) {
      const nowMs = clock.monotonic();
      if (beganMs - lastMs > behindForMs) sinceMs = beganMs;
      lastMs = nowMs;
      if (nowMs - sinceMs < behindForMs) return;
      sinceMs = nowMs;
      client.dispose(); // timers alone: the connections are the transport's
      client = connect();
      number += 1;
      log.warn(
        { code: 'store_busy' },
        'store: the Cosmos account stays behind what was read before; it is read anew, as after a restart',
      );
    },
    close: () => client.dispose(),
  };
}
