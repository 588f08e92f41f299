import { type Clock, toIso } from '../../../clock.js';
import type { GapRecord } from '../../../domain/cycle.js';
import type { GapPlace, GapsQuery } from '../../store.js';
import type { GapSettling } from '../../upkeep-store.js';
import type { Account } from '../account.js';
import { type GapDocument, gapId } from '../documents/documents.js';
import { changePartition, type WriteDeps } from '../write/change.js';
import { written } from './documents.js';

/** Gaps are few, and few of them are asked for at once: they are put in order here, not by an index. */
export async function readGaps(
  { items }: Pick<Account, 'items'>,
  { limit, status, after }: GapsQuery,
): Promise<GapRecord[]> {
  const found = await items.query<GapDocument>('gaps', {
    text: "SELECT * FROM c WHERE c.kind = 'gap'",
    parameters: {},
    partition: null,
  });
  return found
    .map(gapOf)
    .filter((gap) => status === undefined || gap.status === status)
    .filter((gap) => after === undefined || inOrder(after, gap) < 0)
    .sort(inOrder)
    .slice(0, limit);
}

export async function countOpenGaps({ items }: Pick<Account, 'items'>): Promise<number> {
  const found = await items.query<string>('openGaps', {
    text: "SELECT VALUE c.status FROM c WHERE c.kind = 'gap'",
    parameters: {},
    partition: null,
  });
  return found.filter((status) => status === 'open').length;
}

/** Of a gap that is not on record nothing is written. */
export async function settleGap(
  deps: WriteDeps & { clock: Clock },
  settling: GapSettling,
): Promise<void> {
  const { fence, gap, status, missing } = settling;
  const settled_at = status === 'open' ? null : toIso(deps.clock.now());
  const at = { subreddit: gap.subreddit, fence, shape: 'settleGap', intent: settling };
  const { status: end } = await changePartition(deps, at, async (view) => {
    const known = await view.read<GapDocument>(gapId(gap));
    if (known === null) return null;
    const document: GapDocument = { ...written(known), status, missing, settled_at };
    return { operations: [{ kind: 'replace', document }], result: null };
  });
  if (end === 'written') await deps.versions.bump();
}

function gapOf({ name: subreddit, of: kind, ...gap }: GapDocument): GapRecord {
  const { from, to, status, found_at, missing, settled_at } = gap;
  return { subreddit, kind, from, to, status, found_at, missing, settled_at };
}

/** Newest first, ties by the other fields descending. */
function inOrder(a: GapPlace, b: GapPlace): number {
  const [x, y] = [orderOf(a), orderOf(b)];
  for (const [n, value] of x.entries()) {
    const other = y[n] as string;
    if (value !== other) return value > other ? -1 : 1;
  }
  return 0;
}

function orderOf({ found_at, subreddit, kind, from, to }: GapPlace): string[] {
  return [found_at, subreddit.toLowerCase(), kind, from, to];
}
