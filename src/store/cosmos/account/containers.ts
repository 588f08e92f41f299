import type { IndexingPolicy } from '@azure/cosmos';

/** What a container has to be for the queries and batches of this store. */
export interface ContainerDefinition {
  id: string;
  /** Of the partition key, such as `/subreddit`. */
  partitionKey: string;
  /** −1: documents go when their own `ttl` says so, and stay without one. */
  defaultTtl: number;
  indexingPolicy: IndexingPolicy;
}

/** The same, as far as an account's container has it. */
export interface FoundContainer {
  partitionKey: string | null;
  defaultTtl: number | null;
  indexingPolicy: IndexingPolicy;
}

type Ordered = readonly [path: string, order: 'ascending' | 'descending'];

/**
 * What is written is charged by its indexed properties, and most of ours are read with the document
 * they are in: so only what a query filters or orders by is indexed (a test compares). `id` and
 * `_ts` always are.
 */
function definition(
  id: string,
  partitionKey: string,
  paths: readonly string[],
  composites: readonly (readonly Ordered[])[],
): ContainerDefinition {
  return {
    ...{ id, partitionKey, defaultTtl: -1 },
    indexingPolicy: {
      ...{ indexingMode: 'consistent', automatic: true },
      includedPaths: paths.map((path) => ({ path: `${path}/?` })),
      excludedPaths: [{ path: '/*' }],
      compositeIndexes: composites.map((index) => index.map(([path, order]) => ({ path, order }))),
    },
  };
}

const down = (path: string): Ordered => [path, 'descending'];
const up = (path: string): Ordered => [path, 'ascending'];

export const ITEMS = definition(
  'items',
  '/subreddit',
  [
    ...['/kind', '/subreddit', '/collected_at', '/created_utc', '/post_id', '/label'],
    ...['/day', '/hour', '/from', '/seq', '/short', '/texts', '/expires'],
    // By what is exempt from retention, and of gaps and the records of blanked texts.
    ...['/ttl', '/to', '/at'],
  ],
  [
    [down('/kind'), down('/collected_at'), down('/id')],
    [up('/post_id'), up('/created_utc'), up('/id')],
  ],
);

export const CONTROL = definition(
  'control',
  '/scope',
  ['/kind', '/status', '/started_at', '/finished_at'],
  [[down('/kind'), down('/started_at'), down('/id')]],
);

export const CONTAINERS = [ITEMS, CONTROL];

/**
 * What a container lacks of its definition, in words; empty: nothing. Beyond it, it may index what
 * its owner likes.
 */
export function lacks(found: FoundContainer, wanted: ContainerDefinition): string[] {
  const { indexingPolicy: policy, defaultTtl } = found;
  const { includedPaths = [], compositeIndexes = [] } = wanted.indexingPolicy;
  const mode = policy.indexingMode?.toLowerCase() ?? 'consistent';
  const paths = includedPaths.filter(
    ({ path }) => mode !== 'consistent' || !includes(policy, path),
  );
  const composites = compositeIndexes.filter(
    (index) => !(policy.compositeIndexes ?? []).some((other) => serves(other, index)),
  );
  const name = (index: readonly { path: string }[]) => index.map(({ path }) => path).join(', ');
  return [
    ...(defaultTtl === wanted.defaultTtl ? [] : ['documents with a time to live (default −1)']),
    ...(paths.length === 0 ? [] : [`an index of ${name(paths).replaceAll('/?', '')}`]),
    ...composites.map((index) => `the composite index (${name(index)})`),
  ];
}

function includes(
  { includedPaths = [], excludedPaths = [] }: IndexingPolicy,
  path: string,
): boolean {
  const below = path.replace(/\?$/, '*');
  const has = (paths: readonly { path: string }[], ...names: string[]) =>
    paths.some((one) => names.includes(one.path.replaceAll('"', '')));
  if (has(excludedPaths, path, below)) return false;
  return has(includedPaths, path, below, '/*');
}

type Composite = readonly { path: string; order: string }[];

/** An index serves its own order and the opposite one. */
function serves(found: Composite, wanted: Composite): boolean {
  if (found.length !== wanted.length) return false;
  const opposite = found.filter(({ order }, i) => order !== wanted[i]?.order).length;
  return (
    found.every(({ path }, i) => path === wanted[i]?.path) &&
    (opposite === 0 || opposite === wanted.length)
  );
}
