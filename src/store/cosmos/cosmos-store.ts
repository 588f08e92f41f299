import type { Clock } from '../../clock.js';
import type { ReadStore, Store } from '../store.js';
import type { Account } from './account.js';
import { cosmosControl, cosmosControlReads } from './control/control.js';
import { cosmosLeases } from './control/lease.js';
import { cosmosVersions, type Versions } from './control/versions.js';
import { cosmosKeep } from './keep/keep.js';
import { cosmosMove } from './move/move.js';
import { cosmosReadStore } from './read/read-store.js';
import { cosmosVerify } from './verify/verify.js';
import { cosmosWalks } from './walks/walks.js';
import { blank } from './write/blank.js';
import { createWriterMemory } from './write/cache.js';
import { commit } from './write/commit.js';
import { watermarks } from './write/complete.js';
import { importItems } from './write/import.js';
import { threadRead } from './write/thread-read.js';

export interface CosmosStoreDeps {
  account: Account;
  clock: Clock;
  /** How long items are kept after they were created. */
  retentionMs: number;
  /** See `cosmosReadStore`. */
  pollEveryMs?: number;
}

/** What the API needs of an account of Azure Cosmos DB; closing it closes the account. */
export function cosmosReader(deps: CosmosStoreDeps): ReadStore & { close(): Promise<void> } {
  return readsOf(deps, cosmosVersions(deps)).store;
}

/** The whole store on an account of Azure Cosmos DB; closing it closes the account. */
export function cosmosStore(deps: CosmosStoreDeps): Store {
  const { account } = deps;
  const ownVersions = cosmosVersions(deps);
  const { store: reads, moved } = readsOf(deps, ownVersions);
  const writing = {
    ...{ ...deps, versions: telling(ownVersions, moved), lease: cosmosLeases(deps) },
    memory: createWriterMemory(),
  };
  const control = cosmosControl(writing);
  return {
    ...reads,
    ...control,
    ...cosmosMove(writing, control),
    ...cosmosWalks(account),
    ...cosmosKeep(writing),
    commit: (batch) => commit(writing, batch),
    watermarks: (subreddit) => watermarks(writing, subreddit),
    importItems: (batch) => importItems(writing, batch),
    blank: (blanking) => blank(writing, blanking),
    threadRead: (reading) => threadRead(writing, reading),
    verify: cosmosVerify(writing),
  };
}

function readsOf(deps: CosmosStoreDeps, ownVersions: Versions) {
  const versions = withSession(ownVersions, deps.account);
  const reads = cosmosReadStore({ ...deps, versions, control: cosmosControlReads(deps) });
  const close = async () => {
    await reads.close();
    await deps.account.close();
  };
  return { store: { ...reads, close }, moved: () => reads.moved() };
}

/** What was read in another session is forgotten as that of another database is: it may be newer. */
function withSession(versions: Versions, { session = () => 0 }: Account): Pick<Versions, 'read'> {
  return {
    read: async () => {
      const version = await versions.read();
      return { ...version, opening: `${version.opening}-${session()}` };
    },
  };
}

/** Whoever reads through the same store sees at once what it has written. */
function telling(versions: Versions, moved: () => void): Versions {
  return {
    read: () => versions.read(),
    bump: async (what) => {
      const version = await versions.bump(what);
      moved();
      return version;
    },
    bumpWith: async (shape, operations, what) => {
      const result = await versions.bumpWith(shape, operations, what);
      moved();
      return result;
    },
  };
}
