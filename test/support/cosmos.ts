import { type Container, CosmosClient, type ItemDefinition } from '@azure/cosmos';
import type { ExecutionContext } from 'ava';
import {
  type CosmosAccount,
  type CosmosAccountOptions,
  startCosmosAccount,
} from '../../src/cosmos-account/run.js';

export const ITEMS_POLICY = {
  indexingMode: 'consistent',
  automatic: true,
  includedPaths: [{ path: '/*' }],
  excludedPaths: [{ path: '/text/?' }, { path: '/"_etag"/?' }],
  compositeIndexes: [
    [
      { path: '/kind', order: 'descending' },
      { path: '/collected_at', order: 'descending' },
      { path: '/id', order: 'descending' },
    ],
    [
      { path: '/post_id', order: 'ascending' },
      { path: '/created_utc', order: 'ascending' },
      { path: '/id', order: 'ascending' },
    ],
    [
      { path: '/kind', order: 'descending' },
      { path: '/started_at', order: 'descending' },
      { path: '/id', order: 'descending' },
    ],
  ],
};

export interface Fixture {
  account: CosmosAccount;
  client: CosmosClient;
  items: Container;
}

/** A client as the product makes one: no discovery of endpoints, no retries of its own. */
export function clientOf(
  account: Pick<CosmosAccount, 'url' | 'key'>,
  key = account.key,
): CosmosClient {
  return new CosmosClient({
    endpoint: account.url,
    key,
    consistencyLevel: 'Session',
    connectionPolicy: {
      enableEndpointDiscovery: false,
      requestTimeout: 5000,
      retryOptions: {
        maxRetryAttemptCount: 0,
        fixedRetryIntervalInMilliseconds: 0,
        maxWaitTimeInSeconds: 1,
      },
    },
  });
}

/** An account with a database `test` and the containers `items` and `control`. */
export async function startFixture(
  t: ExecutionContext,
  options: CosmosAccountOptions = {},
  defaultTtl?: number,
): Promise<Fixture> {
  const account = await startCosmosAccount({
    onFailure: (error) => t.fail(String(error instanceof Error ? error.stack : error)),
    ...options,
  });
  const client = clientOf(account);
  t.teardown(async () => {
    client.dispose();
    await account.close();
  });
  const { database } = await client.databases.createIfNotExists({ id: 'test' });
  const { container: items } = await database.containers.createIfNotExists({
    id: 'items',
    partitionKey: { paths: ['/subreddit'], version: 2, kind: 'Hash' } as never,
    indexingPolicy: ITEMS_POLICY as never,
    ...(defaultTtl === undefined ? {} : { defaultTtl }),
  });
  await database.containers.createIfNotExists({
    id: 'control',
    partitionKey: { paths: ['/scope'] },
  });
  return { account, client, items };
}

/** Every item of a query, by pages of the service. */
export async function all<Item = ItemDefinition>(
  container: Container,
  query: string,
  parameters: Record<string, unknown> = {},
  options: { partitionKey?: string; maxItemCount?: number; forceQueryPlan?: boolean } = {},
): Promise<Item[]> {
  const list = Object.entries(parameters).map(([name, value]) => ({
    name,
    value: value as string,
  }));
  const iterator = container.items.query<Item>({ query, parameters: list }, options);
  return (await iterator.fetchAll()).resources;
}

/** The code and substatus with which the service refuses; `none` when it does not. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    const { code, substatus } = error as { code?: number | string; substatus?: number };
    return substatus === undefined ? String(code) : `${code ?? ''}/${substatus}`;
  }
}
