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
   * From here on a read may find less than one before it did, once. What is under way ends on the
   * client that it began with. Does nothing within five seconds of the last time.
   */
  forget(): void;
  close(): void;
}

export interface SessionDeps {
  connect: () => CosmosClient;
  clock: Clock;
  log: Log;
}

/** An account that stays behind is not cured by it, and whoever follows it begins anew each time. */
const FORGET_EVERY_MS = 5000;

export function createSession({ connect, clock, log }: SessionDeps): Session {
  let client = connect();
  let number = 0;
  let forgottenMs = Number.NEGATIVE_INFINITY;
  return {
    client: () => client,
    number: () => number,
    forget() {
      if (clock.monotonic() - forgottenMs < FORGET_EVERY_MS) return;
      forgottenMs = clock.monotonic();
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
