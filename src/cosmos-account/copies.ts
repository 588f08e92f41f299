import { type Account, createContainer, createDatabase, databaseOf, loadItems } from './account.js';
import type { Container } from './container.js';
import { isGone } from './documents.js';
import { parsed } from './partition.js';
import type { JsonObject } from './values.js';

/**
 * Makes a database with the containers and the items of another, without requests and charges: for
 * tests that begin often at the same state. The items are written now and have ETags of their own.
 *
 * @throws Refusal 404 for a database that does not exist, 409 for a name that is taken.
 */
export function copyDatabase(account: Account, from: string, to: string): void {
  const source = databaseOf(account, from);
  const copy = createDatabase(account, { id: to }, source.offered);
  for (const container of source.containers.values()) {
    const { definition, offered } = container;
    const made = createContainer(account, copy, definition, offered);
    loadItems(account, made, documentsOf(account, container));
  }
}

/** All items that have not expired, partition by partition, without requests and charges. */
export function documentsOf({ options }: Account, container: Container): JsonObject[] {
  const nowMs = options.clock.now();
  return container.ranges
    .flatMap(({ partitions }) => [...partitions.values()])
    .flatMap(({ items }) => [...items.values()])
    .filter((stored) => !isGone(stored, container.defaultTtl, nowMs))
    .map(parsed);
}
