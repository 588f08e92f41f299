import { AppError } from '../../../errors.js';
import type { Container, Operation } from '../account.js';
import { type InControl, SCOPE, type Seen, seenOf } from './documents.js';

/** Each lost race means that somebody else's change went through. */
const MAX_ATTEMPTS = 20;

/**
 * Repeats an attempt, which begins with reading, until it is not overtaken by somebody else.
 * @param attempt answers null when it was
 */
export async function untilNotOvertaken<R>(
  what: string,
  attempt: () => Promise<{ result: R } | null>,
): Promise<R> {
  for (let n = 1; n <= MAX_ATTEMPTS; n += 1) {
    const answer = await attempt();
    if (answer !== null) return answer.result;
  }
  throw new AppError('store_busy', `${what}: others were faster ${MAX_ATTEMPTS} times in a row`);
}

export interface Decision<T, R> {
  result: R;
  /** What the document becomes; null: it goes; absent: it stays as it is. */
  write?: T | null;
}

/** Changes one document of the control partition by what it says at the moment of writing. */
export function changeDocument<T extends InControl, R>(
  control: Container,
  at: { shape: string; id: string },
  decide: (document: T | null) => Decision<T, R>,
): Promise<R> {
  return untilNotOvertaken(at.shape, async () => {
    const seen = await readDocument<T>(control, at);
    const { result, write } = decide(seen?.document ?? null);
    if (write === undefined || (write === null && seen === null)) return { result };
    const operation = write === null ? removal(at.id, seen) : replacement(write, seen);
    const { done } = await control.batch(at.shape, SCOPE, [operation]);
    return done ? { result } : null;
  });
}

export async function readDocument<T extends InControl>(
  control: Container,
  { shape, id }: { shape: string; id: string },
): Promise<Seen<T> | null> {
  const stored = await control.read<T>(shape, SCOPE, id);
  return stored === null ? null : seenOf(stored);
}

/** Whatever is there. */
export async function overwrite(
  control: Container,
  shape: string,
  document: InControl,
): Promise<void> {
  const { done } = await control.batch(shape, SCOPE, [{ kind: 'upsert', document }]);
  if (!done) throw new AppError('internal', `The store refuses a document of ${shape}`);
}

/** Creates it where there was none. */
export function replacement<T extends InControl>(document: T, seen: Seen<T> | null): Operation {
  if (seen === null) return { kind: 'create', document };
  return { kind: 'replace', document, ifMatch: seen.etag };
}

function removal(id: string, seen: Seen<InControl> | null): Operation {
  return { kind: 'delete', id, ...(seen && { ifMatch: seen.etag }) };
}
