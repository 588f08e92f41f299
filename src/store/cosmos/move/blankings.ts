import type { Blanking } from '../../move-store.js';
import type { Account, Container, Operation } from '../account.js';
import { type CarriedDocument, SCOPE } from '../control/documents.js';
import { type Blanked, type BlankedDocument, blankedId } from '../documents/documents.js';
import { heldPartitions } from './subreddits.js';

/**
 * The audit record is kept by subreddit, in its partition. Which subreddit another store's is of is not
 * known: what it says of a cycle beyond the parts of the subreddits is kept in the control partition.
 * So what came from here, and comes back, is not counted twice.
 */
export async function heldBlankings(account: Account): Promise<Blanking[]> {
  const found = await ownBlankings(account);
  for (const document of await carriedDocuments(account.control)) add(found, document);
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, blanking]) => blanking);
}

/** What makes the whole record say what is given, of the cycles that are given. */
export async function blankingOperations(
  account: Account,
  blankings: readonly Blanking[],
): Promise<Operation[]> {
  const own = await ownBlankings(account);
  const known = new Set((await carriedDocuments(account.control)).map(({ id }) => id));
  const rests = new Map<string, Blanking[]>();
  for (const blanking of blankings) {
    const rest = rests.get(blanking.cycle_id) ?? [];
    rests.set(blanking.cycle_id, rest);
    const items = blanking.items - (own.get(keyOf(blanking))?.items ?? 0);
    if (items > 0) rest.push({ ...blanking, items });
  }
  return [...rests].flatMap(([cycleId, rest]): Operation[] => {
    if (rest.length > 0) return [{ kind: 'upsert', document: carriedDocument(cycleId, rest) }];
    const id = blankedId(cycleId);
    return known.has(id) ? [{ kind: 'delete', id }] : [];
  });
}

function carriedDocument(cycle_id: string, rest: readonly Blanking[]): CarriedDocument {
  return {
    ...{ id: blankedId(cycle_id), scope: SCOPE, kind: 'blanked', cycle_id },
    at: rest.reduce((newest, { at }) => (at > newest ? at : newest), ''),
    counts: Object.fromEntries(rest.map(({ reason, kind, items }) => [`${reason} ${kind}`, items])),
  };
}

/** One subreddit after the other: of all together there may be more than one query may find. */
async function ownBlankings(account: Pick<Account, 'items'>): Promise<Map<string, Blanking>> {
  const found = new Map<string, Blanking>();
  for (const partition of await heldPartitions(account)) {
    for (const document of await blankedIn<BlankedDocument>(account.items, partition)) {
      add(found, document);
    }
  }
  return found;
}

const carriedDocuments = (control: Container) => blankedIn<CarriedDocument>(control, SCOPE);

function blankedIn<T extends Blanked>(container: Container, partition: string): Promise<T[]> {
  return container.query<T>('heldRecords', {
    text: "SELECT * FROM c WHERE c.kind = 'blanked'",
    parameters: {},
    partition,
  });
}

/** Parts of one cycle's are added up. */
function add(found: Map<string, Blanking>, { cycle_id, at, counts }: Blanked): void {
  for (const [key, items] of Object.entries(counts)) {
    const [reason = '', kind = ''] = key.split(' ');
    const part = { at, cycle_id, reason, kind: kind as Blanking['kind'], items };
    const before = found.get(keyOf(part));
    found.set(keyOf(part), {
      ...part,
      at: before !== undefined && before.at > at ? before.at : at,
      items: items + (before?.items ?? 0),
    });
  }
}

const keyOf = ({ cycle_id, reason, kind }: Blanking): string => `${cycle_id} ${reason} ${kind}`;
