import type { IsoTime } from '../../../domain/item.js';
import type { Account } from '../account.js';
import type { HourDocument } from '../documents/documents.js';
import { unpackLine } from '../documents/lines.js';
import { heldPartitions } from './subreddits.js';

/** By the lines: what the heads say still counts what Azure has let go of by itself. */
export async function heldCount(account: Pick<Account, 'items'>, since: IsoTime): Promise<number> {
  let count = 0;
  for (const partition of await heldPartitions(account)) {
    const hours = await account.items.query<Pick<HourDocument, 'hour' | 'lines'>>('heldCount', {
      text: "SELECT c.hour, c.lines FROM c WHERE c.kind = 'hour'",
      parameters: {},
      partition,
    });
    for (const { hour, lines } of hours) {
      const kept = hour >= since ? lines : lines.filter((line) => unpackLine(line, hour).keep);
      count += kept.length;
    }
  }
  return count;
}
