import type { Moment, Operation, Wanted } from './account.js';
import type { Document, Stored } from './documents.js';
import type { Rules } from './rules.js';

/** What an actor asks of the account, or of time. Between a call and its answer anything may happen. */
export type Call =
  | { kind: 'read'; partition: string; wanted: Wanted; atLeast: Moment }
  | { kind: 'write'; partition: string; operations: readonly Operation[]; author: Author }
  | { kind: 'wait' };

/** Who a write is of, which the account does not see: for the judge. */
export interface Author {
  actor: string;
  /** Null: it holds no lease. */
  epoch: number | null;
}

export type Answer =
  | { kind: 'read'; stored: Stored[]; moment: Moment }
  /** With what it wrote, as it is now. */
  | { kind: 'written'; moment: Moment; stored: Stored[] }
  /** The moment is missing where the refusal brought no session token. */
  | { kind: 'refused'; moment?: Moment }
  /** Of a read: it failed. Of a write: it was applied, was not, or will be. */
  | { kind: 'none' }
  | { kind: 'waited' };

/** A part of what an actor does, stopping at each call. */
export type Steps<T> = Generator<Call, T, Answer>;

/** Newer than what the holder knows of: it writes no more. */
export class LeaseLost extends Error {}
/** Too many attempts. */
export class GaveUp extends Error {}

/** One process with a client of its own. */
export interface Client extends Author {
  rules: Rules;
  /** By partition: the newest moment an answer has told. */
  session: Map<string, Moment>;
  /** By partition: what it read and wrote with the last batch, valid while that is the last. */
  kept: Map<string, readonly Stored[]>;
  /** Another name at each call. */
  token(): string;
}

export function createClient(actor: string, rules: Rules): Client {
  let tokens = 0;
  const token = () => {
    tokens += 1;
    return `${actor}/${tokens}`;
  };
  return { actor, epoch: null, rules, session: new Map(), kept: new Map(), token };
}

/** So often a change is tried, from its reads on. */
export const MOST_ATTEMPTS = 6;
const MOST_READS = 3;

/**
 * Reads in the client's session, or at the moment given or after.
 *
 * @throws GaveUp
 */
export function* read(
  client: Client,
  partition: string,
  wanted: Wanted,
  atLeast?: Moment,
): Steps<Stored[]> {
  const from = atLeast ?? client.session.get(partition) ?? 0;
  for (let attempt = 1; attempt <= MOST_READS; attempt += 1) {
    const answer = yield { kind: 'read', partition, wanted, atLeast: from };
    if (answer.kind !== 'read') continue;
    learn(client, partition, answer.moment);
    return answer.stored;
  }
  throw new GaveUp('nothing could be read');
}

/** Sends one batch once. `written` is told what was written, as it is now. */
export function* write(
  client: Client,
  partition: string,
  operations: readonly Operation[],
  written: (stored: readonly Stored[]) => void = () => undefined,
): Steps<'written' | 'refused' | 'none'> {
  const author = { actor: client.actor, epoch: client.epoch };
  const answer = yield { kind: 'write', partition, operations, author };
  if (answer.kind === 'written' || answer.kind === 'refused') {
    learn(client, partition, answer.moment ?? 0);
    if (answer.kind === 'written') written(answer.stored);
    return answer.kind;
  }
  return 'none';
}

/** Makes a document that was not there, or replaces it as it was read; `blind`: whatever is there. */
export function replacing(
  id: string,
  document: Document,
  before: { etag: number } | undefined,
  blind = false,
): Operation {
  if (blind) return { kind: 'upsert', id, document };
  if (before === undefined) return { kind: 'create', id, document };
  return { kind: 'replace', id, document, ifMatch: before.etag };
}

function learn(client: Client, partition: string, moment: Moment): void {
  client.session.set(partition, Math.max(moment, client.session.get(partition) ?? 0));
}
