import { randomUUID } from 'node:crypto';
import { AppError, isTransient } from '../../../errors.js';
import type { Account, BatchResult, Operation } from '../account.js';
import { SCOPE, type Seen, seenOf, VERSION_ID, type VersionDocument } from './documents.js';

export type Version = Pick<VersionDocument, 'opening' | 'n' | 'cycles'>;

/** What has moved besides the data version. */
export interface Moved {
  /** A cycle finished, or finished ones went. */
  cycles?: true;
}

/**
 * The version that readers follow. It moves after, or together with, what it tells of: one that is
 * too high costs readers a look, one that is too low keeps something from them.
 */
export interface Versions {
  /**
   * As it is now. When an earlier `bump` of this store failed, after what it tells of was written, it is
   * made up for first; so a repeated call that finds nothing left to write asks here.
   */
  read(): Promise<Version>;
  /** Answers the new data version. */
  bump(moved?: Moved): Promise<number>;
  /**
   * Moves it in one batch with other documents of the control partition. Of conflicts only those about
   * the version are resolved here. A transient failure may have written everything.
   */
  bumpWith(shape: string, operations: readonly Operation[], moved?: Moved): Promise<BatchResult>;
}

/** Each lost race means that somebody else moved it. */
const MAX_ATTEMPTS = 30;

export function cosmosVersions({ account }: { account: Pick<Account, 'control'> }): Versions {
  const { control } = account;
  let seen: Seen<VersionDocument> | null = null;
  let owed: Moved | null = null;
  /** Who moves it in this process waits for the one before, instead of racing it. */
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const turn = last.then(run, run);
    last = turn.catch(() => undefined);
    return turn;
  };

  const readDocument = async (): Promise<Seen<VersionDocument>> => {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const stored = await control.read<VersionDocument>('version', SCOPE, VERSION_ID);
      if (stored !== null) return seenOf(stored);
      // A conflict: somebody else created it.
      await control.batch('version', SCOPE, [{ kind: 'create', document: firstVersion() }]);
    }
    throw tooBusy();
  };

  const move = async (
    shape: string,
    operations: readonly Operation[],
    moved: Moved,
  ): Promise<{ result: BatchResult; n: number }> => {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const { document, etag } = seen ?? (await readDocument());
      seen = null;
      const next = nextOf(document, moved);
      const replace: Operation = { kind: 'replace', document: next, ifMatch: etag };
      const result = await control.batch(shape, SCOPE, [...operations, replace]);
      if (!result.done) {
        if (result.operation === operations.length) continue;
        seen = { document, etag };
        return { result, n: document.n };
      }
      const written = result.etags.at(-1) ?? null;
      if (written !== null) seen = { document: next, etag: written };
      return { result, n: next.n };
    }
    throw tooBusy();
  };

  const bumpNow = async (moved: Moved): Promise<number> => {
    const due = { ...owed, ...moved };
    try {
      const { n } = await move('version', [], due);
      owed = null;
      return n;
    } catch (error) {
      if (isTransient(error)) owed = due;
      throw error;
    }
  };

  return {
    read: async () => {
      if (owed !== null) await inTurn(async () => owed !== null && bumpNow(owed));
      const { opening, n, cycles } = (await readDocument()).document;
      return { opening, n, cycles };
    },
    bump: (moved = {}) => inTurn(() => bumpNow(moved)),
    bumpWith: async (shape, operations, moved = {}) =>
      inTurn(async () => {
        const { result } = await move(shape, operations, { ...owed, ...moved });
        if (result.done) owed = null;
        return result;
      }),
  };
}

function firstVersion(): VersionDocument {
  const opening = randomUUID();
  return { id: VERSION_ID, scope: SCOPE, kind: 'version', opening, n: 0, cycles: 0 };
}

function nextOf(document: VersionDocument, moved: Moved): VersionDocument {
  const cycles = document.cycles + (moved.cycles === true ? 1 : 0);
  return { ...document, n: document.n + 1, cycles };
}

function tooBusy(): AppError {
  return new AppError('store_busy', 'The data version is moved by others all the time');
}
