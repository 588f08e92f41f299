import type { Account } from '../account.js';
import { HEAD_ID, type HeadDocument } from '../documents/documents.js';
import { untilNotOvertaken } from './change.js';
import { type Seen, seenOf } from './documents.js';
import { leaseLost } from './lease.js';

/** Partitions stamped at once. */
const AT_ONCE = 4;

/**
 * Writes the epoch into every head, so that a batch of an older holder, whose head is another then,
 * is refused by the account itself. A head made so shortly before that a replica does not show it yet
 * is passed over: the first batch of the new holder in its partition takes the place of the stamp.
 *
 * @returns how many there are.
 * @throws AppError `lease_lost` when a newer epoch is found.
 */
export async function stampHeads(
  { items }: Pick<Account, 'items'>,
  epoch: number,
): Promise<number> {
  const heads = await items.query<HeadDocument & { _etag: string; _ts: number }>('stamp', {
    text: "SELECT * FROM c WHERE c.kind = 'head'",
    parameters: {},
    partition: null,
  });
  const waiting = heads.map(seenOf);
  const work = async () => {
    for (let head = waiting.pop(); head !== undefined; head = waiting.pop()) {
      await stampHead(items, head, epoch);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return heads.length;
}

/** A head that others write meanwhile is read again; one that is gone needs no stamp. */
function stampHead(
  items: Account['items'],
  first: Seen<HeadDocument>,
  epoch: number,
): Promise<void> {
  let head: Seen<HeadDocument> | null = first;
  const { subreddit } = first.document;
  return untilNotOvertaken<void>('stamp', async () => {
    if (head === null || head.document.epoch === epoch) return { result: undefined };
    if (head.document.epoch > epoch) throw leaseLost({ epoch }, null);
    const document = { ...head.document, epoch };
    const { done } = await items.batch('stamp', subreddit, [
      { kind: 'replace', document, ifMatch: head.etag },
    ]);
    if (done) return { result: undefined };
    const stored = await items.read<HeadDocument>('stamp', subreddit, HEAD_ID);
    head = stored === null ? null : seenOf(stored);
    return null;
  });
}
