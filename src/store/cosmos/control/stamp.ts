import { createRefusals } from '../../../refusals.js';
import type { Account } from '../account.js';
import { HEAD_ID, type HeadDocument } from '../documents/documents.js';
import { untilNotOvertaken } from './change.js';
import { type Seen, seenOf } from './documents.js';

/** Partitions stamped at once. */
const AT_ONCE = 4;

export interface Stamped {
  /** How many heads there are. */
  heads: number;
  /** The newest epoch in them. Above the one that was to be stamped: whose head it is stays as it was. */
  newest: number;
}

/**
 * Writes the epoch into every older head, so that a batch of an older holder, whose head is another
 * then, is refused by the account itself. A head made so shortly before that a replica does not show
 * it yet is passed over: the first batch of the new holder in its partition takes the place of the stamp.
 *
 * So it is with a partition that refuses writes for good, as a full one does: no other is to suffer
 * from it. Whoever holds the lease asks for it there, as for every head of an older epoch, and gets the
 * refusal where it matters: as that subreddit's failure. Who held it before gets past a head that has
 * its own epoch, should the partition take writes again before the new holder's first one.
 *
 * @throws AppError when all of them refuse
 */
export async function stampHeads(
  { items }: Pick<Account, 'items'>,
  epoch: number,
): Promise<Stamped> {
  const heads = await items.query<HeadDocument & { _etag: string; _ts: number }>('stamp', {
    text: "SELECT * FROM c WHERE c.kind = 'head'",
    parameters: {},
    partition: null,
  });
  const waiting = heads.map(seenOf);
  const refusals = createRefusals();
  const found: number[] = [];
  const work = async () => {
    for (let head = waiting.pop(); head !== undefined; head = waiting.pop()) {
      const first = head;
      found.push((await refusals.past(() => stampHead(items, first, epoch))) ?? 0);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (refusals.count() === heads.length) refusals.end();
  return { heads: heads.length, newest: Math.max(0, ...found) };
}

/** A head that others write meanwhile is read again; one that is gone needs no stamp. Answers its epoch. */
function stampHead(
  items: Account['items'],
  first: Seen<HeadDocument>,
  epoch: number,
): Promise<number> {
  let head: Seen<HeadDocument> | null = first;
  const { subreddit } = first.document;
  return untilNotOvertaken('stamp', async () => {
    if (head === null) return { result: 0 };
    if (head.document.epoch >= epoch) return { result: head.document.epoch };
    const document = { ...head.document, epoch };
    const { done } = await items.batch('stamp', subreddit, [
      { kind: 'replace', document, ifMatch: head.etag },
    ]);
    if (done) return { result: epoch };
    const stored = await items.read<HeadDocument>('stamp', subreddit, HEAD_ID);
    head = stored === null ? null : seenOf(stored);
    return null;
  });
}
