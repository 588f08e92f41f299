import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '../clock.js';
import { AppError } from '../errors.js';
import { containerOf, createAccount, loadItems, type Throughput } from './account.js';
import { copyDatabase, documentsOf } from './copies.js';
import { createFaults, type Faults } from './faults.js';
import { createHolds, type Holds } from './holds.js';
import { createJournal, type Journal } from './journal.js';
import { buildServer, type OnRequest } from './server.js';
import type { JsonObject } from './values.js';

export interface CosmosAccountOptions {
  /** Moves `_ts`, times to live and throughput. Default: the system's. */
  clock?: Clock;
  /** Judges the dates that clients sign, which are the system's, and waits. Default: the system's. */
  wallClock?: Clock;
  /** 0, the default: a free one. */
  port?: number;
  /** Base64; default: a random one. */
  key?: string;
  /** Default: unlimited. */
  throughput?: Throughput;
  /** Commits of a range that reads without a session do not see. Default: 0. */
  replicaLag?: number;
  /** Called before and after every request is carried out; it goes on when it resolves. */
  onRequest?: OnRequest;
  /** Told of what no request should be able to cause. */
  onFailure?: (error: unknown) => void;
}

export interface CosmosAccount {
  /** The endpoint, without a slash at its end. */
  url: string;
  key: string;
  faults: Faults;
  holds: Holds;
  journal: Journal;
  /**
   * Puts items into a container that exists, without requests or charges.
   *
   * @returns how many.
   */
  load(database: string, container: string, documents: Iterable<JsonObject>): number;
  /** Makes a database with the containers and items of another, without requests or charges. */
  copy(from: string, to: string): void;
  /** Removes a database, without a request. */
  drop(database: string): void;
  /** All items of a container, with the system's properties, without requests or charges. */
  documents(database: string, container: string): JsonObject[];
  /** Ends connections too, the silent ones included. */
  close(): Promise<void>;
}

/** Starts the stand-in on loopback. @throws AppError `port_in_use`. */
export async function startCosmosAccount(
  options: CosmosAccountOptions = {},
): Promise<CosmosAccount> {
  const { clock = systemClock, wallClock = systemClock, replicaLag = 0 } = options;
  const { throughput = 'unlimited', key = randomBytes(64).toString('base64') } = options;
  const account = createAccount({ clock, throughput, replicaLag });
  const ended = new AbortController();
  const sleep = (ms: number) => wallClock.sleep(ms, ended.signal);
  const [faults, holds, journal] = [createFaults(), createHolds(sleep), createJournal()];
  const address = { url: '' };
  const server = buildServer({
    service: { account, key, endpoint: () => `${address.url}/`, wallNow: () => wallClock.now() },
    ...{ faults, holds, journal, sleep },
    onRequest: options.onRequest ?? (() => undefined),
    onFailure: options.onFailure ?? (() => undefined),
  });
  const { port = 0 } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') {
        reject(error);
        return;
      }
      const cure = 'end what listens there, or give --port 0 for a free one';
      const message = `port ${port} on 127.0.0.1 is in use`;
      reject(new AppError('port_in_use', message, { cause: error, cure }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });
  address.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ url: address.url, key, faults, holds, journal },
    load: (database, container, documents) =>
      loadItems(account, containerOf(account, database, container), documents),
    copy: (from, to) => copyDatabase(account, from, to),
    drop: (database) => void account.databases.delete(database),
    documents: (database, container) =>
      documentsOf(account, containerOf(account, database, container)),
    async close() {
      ended.abort();
      faults.heal();
      holds.releaseAll();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
