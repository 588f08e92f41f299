import { type CosmosClient, PartitionKeyKind } from '@azure/cosmos';
import type { Calls } from './calls.js';
import type { ContainerDefinition, FoundContainer } from './containers.js';

/** The database and its containers themselves, for set-up and for the check at start. */
export interface Definitions {
  hasDatabase(): Promise<boolean>;
  /** Null: the container, or its database, is not there. */
  container(id: string): Promise<FoundContainer | null>;
  /** @param throughput RU/s that its containers share; null: the account decides */
  createDatabase(throughput: number | null): Promise<void>;
  createContainer(definition: ContainerDefinition): Promise<void>;
  /** Its partition key stays as it is: none can be changed. */
  replaceContainer(definition: ContainerDefinition): Promise<void>;
}

const SHAPE = 'definitions';

export function definitionsOf(
  client: () => CosmosClient,
  database: string,
  calls: Calls,
): Definitions {
  const db = () => client().database(database);
  // All of them leave the same behind when they are repeated.
  const call = <T>(speak: () => Promise<T>) => calls.call(SHAPE, true, speak);
  return {
    hasDatabase: async () => (await call(() => nullAt(404, db().read()))) !== null,
    async container(id) {
      const answer = await call(() => nullAt(404, db().container(id).read()));
      return answer === null ? null : foundOf(answer.resource);
    },
    async createDatabase(throughput) {
      const options = throughput === null ? {} : { throughput };
      await call(() => nullAt(409, client().databases.create({ id: database, ...options })));
    },
    async createContainer(definition) {
      await call(() => nullAt(409, db().containers.create(bodyOf(definition))));
    },
    async replaceContainer(definition) {
      await call(() => db().container(definition.id).replace(bodyOf(definition)));
    },
  };
}

/** Null when the account answers with that status. */
async function nullAt<T>(status: number, request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if ((error as { code?: unknown }).code === status) return null;
    throw error;
  }
}

interface Body {
  partitionKey?: { paths: string[] };
  defaultTtl?: number;
  indexingPolicy?: FoundContainer['indexingPolicy'];
}

function foundOf(body: Body | undefined): FoundContainer {
  return {
    partitionKey: body?.partitionKey?.paths.join(', ') ?? null,
    defaultTtl: body?.defaultTtl ?? null,
    indexingPolicy: body?.indexingPolicy ?? {},
  };
}

function bodyOf({ id, partitionKey, defaultTtl, indexingPolicy }: ContainerDefinition) {
  const key = { paths: [partitionKey], kind: PartitionKeyKind.Hash, version: 2 };
  // The SDK writes into what it is given.
  return structuredClone({ id, partitionKey: key, defaultTtl, indexingPolicy });
}
