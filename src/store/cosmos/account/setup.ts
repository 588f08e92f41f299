import { AppError } from '../../../errors.js';
import { CONTAINERS, type ContainerDefinition, type FoundContainer, lacks } from './containers.js';
import type { Definitions } from './definitions.js';

/** One thing that set-up looked at. */
export interface SetupStep {
  what: 'database' | 'container';
  name: string;
  outcome: 'created' | 'changed' | 'as it should be';
  /** What it lacked. */
  lacked: string[];
}

export interface SetupOptions {
  database: string;
  /** RU/s that the containers share; null: the account decides. Of a new database only. */
  throughput: number | null;
}

/**
 * Makes what is missing of the database and its containers and brings their indexes up to date.
 * No document is removed, and a second run changes nothing. A container that lacks something gets our
 * policy as a whole: one that was made by hand indexes everything, which makes writes dear.
 *
 * @throws AppError `store_unusable`: a container has another partition key
 */
export async function setUp(
  definitions: Definitions,
  { database, throughput }: SetupOptions,
): Promise<SetupStep[]> {
  const there = await definitions.hasDatabase();
  if (!there) await definitions.createDatabase(throughput);
  const steps: SetupStep[] = [
    {
      ...{ what: 'database', name: database, lacked: [] },
      outcome: there ? 'as it should be' : 'created',
    },
  ];
  for (const wanted of CONTAINERS) {
    const found = await definitions.container(wanted.id);
    steps.push(await setUpContainer(definitions, found, wanted));
  }
  return steps;
}

async function setUpContainer(
  definitions: Definitions,
  found: FoundContainer | null,
  wanted: ContainerDefinition,
): Promise<SetupStep> {
  const { id: name } = wanted;
  if (found === null) {
    await definitions.createContainer(wanted);
    return { what: 'container', name, outcome: 'created', lacked: [] };
  }
  refuseOtherKey(found, wanted);
  const lacked = lacks(found, wanted);
  if (lacked.length > 0) await definitions.replaceContainer(wanted);
  const outcome = lacked.length === 0 ? 'as it should be' : 'changed';
  return { what: 'container', name, outcome, lacked };
}

/**
 * Whether the account has what the store needs; to be asked once, at start. A container that lacks
 * an index would answer some questions at many times their price, and others not at all.
 *
 * @throws AppError `store_unusable` that says what is missing; whatever a call throws
 */
export async function verifyContainers(definitions: Definitions): Promise<void> {
  const found = await Promise.all(CONTAINERS.map(({ id }) => definitions.container(id)));
  for (const [i, wanted] of CONTAINERS.entries()) {
    const container = found[i] ?? null;
    if (container === null) throw unusable(`has no container ${wanted.id}`);
    refuseOtherKey(container, wanted);
    const [lacked] = lacks(container, wanted);
    if (lacked !== undefined) throw unusable(`lacks ${lacked} in its container ${wanted.id}`);
  }
}

function refuseOtherKey(found: FoundContainer, { id, partitionKey }: ContainerDefinition): void {
  if (found.partitionKey === partitionKey) return;
  const has = found.partitionKey ?? 'none';
  throw unusable(
    `has a container ${id} whose partition key is ${has} instead of ${partitionKey}`,
    'name another database in COSMOS_DATABASE, for no partition key can be changed; then run npm run cosmos:setup',
  );
}

function unusable(why: string, cure = 'run npm run cosmos:setup'): AppError {
  return new AppError('store_unusable', `The Cosmos database ${why}`, { cure, details: { why } });
}
