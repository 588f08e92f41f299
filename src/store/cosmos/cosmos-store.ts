import type { Clock } from '../../clock.js';
import type { ReadStore, Store } from '../store.js';
import type { Account } from './account.js';
import { cosmosControl } from './control/control.js';
import { cosmosLeases } from './control/lease.js';
import { cosmosVersions } from './control/versions.js';
import { cosmosKeep } from './keep/keep.js';
import { cosmosVerify } from './verify/verify.js';
import { cosmosWalks } from './walks/walks.js';
import { blank } from './write/blank.js';
import { createWriterMemory } from './write/cache.js';
import type { WriteDeps } from './write/change.js';
import { commit } from './write/commit.js';
import { watermarks } from './write/complete.js';
import { importItems } from './write/import.js';
import { threadRead } from './write/thread-read.js';

export interface CosmosStoreDeps {
  account: Account;
  clock: Clock;
  /** How long items are kept after they were created. */
  retentionMs: number;
  /** What the API needs, on the same account. */
  reads: ReadStore & { close(): Promise<void> };
}

/** The store on an account of Azure Cosmos DB; closing it closes the account. */
export function cosmosStore({ account, clock, retentionMs, reads }: CosmosStoreDeps): Store {
  const versions = cosmosVersions({ account });
  const lease = cosmosLeases({ account });
  const deps: WriteDeps & { versions: typeof versions; lease: typeof lease } = {
    ...{ account, clock, retentionMs, versions, lease },
    memory: createWriterMemory(),
  };
  return {
    ...reads,
    ...cosmosControl(deps),
    ...cosmosWalks(account),
    ...cosmosKeep(deps),
    commit: (batch) => commit(deps, batch),
    watermarks: (subreddit) => watermarks(deps, subreddit),
    importItems: (batch) => importItems(deps, batch),
    blank: (blanking) => blank(deps, blanking),
    threadRead: (reading) => threadRead(deps, reading),
    verify: cosmosVerify(deps),
    close: async () => {
      await reads.close();
      await account.close();
    },
  };
}
