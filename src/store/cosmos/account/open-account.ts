import { CosmosClient } from '@azure/cosmos';
import type { Clock } from '../../../clock.js';
import type { Log } from '../../../log.js';
import type { Account } from '../account.js';
import { createAttempts } from './attempts.js';
import { createCalls } from './calls.js';
import { type Charge, createCharges } from './charges.js';
import { containerOver } from './container.js';
import { CONTROL, ITEMS } from './containers.js';
import { type Definitions, definitionsOf } from './definitions.js';
import { createTransport, type Transport } from './exchange.js';
import { createSession } from './session.js';

export interface AccountOptions {
  /** URL of the account. */
  endpoint: string;
  /** Its primary key, or its secondary one. Never shown. */
  key: string;
  database: string;
  /** PEM file of authorities that are trusted besides Node's own. */
  caFile?: string;
  clock: Clock;
  log: Log;
  /** Ends what is under way; calls fail with `cancelled` from then on. */
  signal?: AbortSignal;
  /** The longest that one attempt of a call takes. */
  attemptMs: number;
  /** The longest that a call takes, with the pauses that a busy account asks for. */
  patienceMs: number;
  maxSockets: number;
  /** How long the account stays behind before the session is forgotten; default 5 s. */
  behindForMs?: number;
  /** Told after each call what it cost, in request units. */
  onCharge?: (shape: string, ru: number) => void;
}

export interface OpenAccount extends Account {
  session: () => number;
  /** What was spent since it was opened, by shape of call. */
  charges(): Record<string, Charge>;
  /** For `setUp` and `verifyContainers` (setup.ts). */
  definitions: Definitions;
}

/**
 * Opens nothing yet: the first call connects. One session: what it has written, it reads, until
 * that is forgotten (session.ts).
 *
 * @throws AppError `store_unusable`: `caFile` cannot be read
 */
export function openAccount(options: AccountOptions): OpenAccount {
  const { endpoint, database, caFile, clock, log, signal, onCharge } = options;
  const { attemptMs, patienceMs, maxSockets, behindForMs } = options;
  const transport = createTransport({ maxSockets, ...(caFile === undefined ? {} : { caFile }) });
  const connect = () => clientOf(options, transport);
  const session = createSession({
    ...{ connect, clock, log },
    ...(behindForMs !== undefined && { behindForMs }),
  });
  const charges = createCharges(onCharge ?? (() => undefined));
  const attempts = createAttempts(transport, { endpoint, database }, clock);
  const calls = createCalls({
    ...{ attempts, clock, log, charges, attemptMs, patienceMs },
    onBehind: (beganMs) => session.behind(beganMs),
  });
  const end = () => {
    signal?.removeEventListener('abort', end);
    calls.close();
    session.close();
    transport.close();
  };
  if (signal?.aborted) end();
  else signal?.addEventListener('abort', end, { once: true });
  const container = (name: string) =>
    containerOver(() => session.client().database(database).container(name), calls);
  return {
    items: container(ITEMS.id),
    control: container(CONTROL.id),
    session: () => session.number(),
    definitions: definitionsOf(() => session.client(), database, calls),
    charges: () => charges.read(),
    // Synchronous in truth: an aborted request has left its socket when this returns.
    close: async () => end(),
  };
}

function clientOf(
  { endpoint, key, attemptMs }: AccountOptions,
  { client }: Transport,
): CosmosClient {
  return new CosmosClient({
    ...{ endpoint, key, httpClient: client, consistencyLevel: 'Session' },
    connectionPolicy: {
      // One region; the account's own list of endpoints may name hosts that are not reachable here.
      ...{ enableEndpointDiscovery: false, enableBackgroundEndpointRefreshing: false },
      // Ours come first, on the injected clock.
      requestTimeout: attemptMs + 60_000,
      retryOptions: { maxRetryAttemptCount: 0, fixedRetryIntervalInMilliseconds: 0 },
    },
  });
}
