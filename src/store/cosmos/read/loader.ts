import { AppError } from '../../../errors.js';
import type { Container, Query } from '../account.js';
import type { Follower } from './follower.js';
import type { Gate } from './gate.js';
import { type DerivedDocument, type Holding, isIn } from './holding.js';

/** Reads ranges of derived documents into memory, in the state in which everything else there is. */
export interface Loader {
  /**
   * `query` finds what is in them. From the first moment on, what is loaded also follows the store; when it resolves, it is of the
   * follower's state. What fails is followed no longer.
   * @throws as the account does; AppError `store_busy` when it did not come to rest
   */
  load(query: Query, holdings: readonly Holding[]): Promise<void>;
}

export interface LoaderDeps {
  items: Container;
  gate: Gate;
  follower: Pick<Follower, 'seen' | 'confirm' | 'underWay'>;
  /** What follows the store. */
  registry: Set<Holding>;
}

const ATTEMPTS = 3;

export function createLoader({ items, gate, follower, registry }: LoaderDeps): Loader {
  const read = async (query: Query, holdings: readonly Holding[]): Promise<boolean> => {
    for (const holding of holdings) {
      holding.missed = false;
      registry.add(holding);
    }
    const opening = openingOf(follower);
    // A look that does not know of them may end when they are loaded, and say that they moved.
    const before = follower.underWay();
    const documents = await gate(() => items.query<DerivedDocument>('load', query));
    await before;
    if (openingOf(follower) !== opening) throw openedAnew();
    for (const document of documents) {
      for (const holding of holdings) if (isIn(document, holding)) holding.put(document, null);
    }
    // Some may be of batches that the follower has not seen yet.
    if (documents.some((document) => isAhead(document, follower))) await follower.confirm();
    if (openingOf(follower) !== opening) throw openedAnew();
    return !documents.some((document) => isAhead(document, follower)) && !holdings.some(isMissed);
  };

  return {
    async load(query, holdings) {
      try {
        for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
          if (await read(query, holdings)) return;
        }
        throw new AppError('store_busy', 'What was loaded moved meanwhile, again and again');
      } catch (error) {
        for (const holding of holdings) registry.delete(holding);
        throw error;
      }
    },
  };
}

const isMissed = ({ missed }: Holding) => missed;

function isAhead(document: DerivedDocument, follower: Pick<Follower, 'seen'>): boolean {
  return document.seq > (follower.seen()?.heads.get(document.subreddit)?.seq ?? 0);
}

function openingOf(follower: Pick<Follower, 'seen'>): string | undefined {
  return follower.seen()?.opening;
}

export const openedAnew = () =>
  new AppError('store_busy', 'The database was found to be another one meanwhile');
