import { isGone, type Kind } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { TimeWindow } from '../../common.js';
import type { ItemsCreatedQuery, StoredItem } from '../../upkeep-store.js';
import type { Container } from '../account.js';
import { partitionOf } from '../documents/documents.js';
import type { Line } from '../documents/lines.js';
import { hoursIn } from './hours.js';

export const KINDS = ['post', 'comment'] as const satisfies readonly Kind[];

type Created = StoredItem & Pick<Line, 'created_utc'>;

/** Each subreddit's hours are read once, whatever windows they are in. */
export async function itemsCreated(
  items: Container,
  { windows, subreddits, kind: only, limit }: ItemsCreatedQuery,
): Promise<{ items: StoredItem[]; left: number }> {
  const kinds = KINDS.filter((kind) => only === undefined || kind === only);
  const spans = windows.filter(({ from, to }) => from < to).map(hoursOf);
  const present: Created[] = [];
  for (const subreddit of new Set(subreddits.map(partitionOf))) {
    for (const { name, lines } of await hoursIn(items, subreddit, spans)) {
      for (const line of lines) if (!isGone(line)) present.push(createdOf(line, name));
    }
  }
  present.sort(newestFirst);
  const found = windows.flatMap((window) =>
    kinds.flatMap((kind) => present.filter((item) => item.kind === kind && isIn(item, window))),
  );
  const first = found.slice(0, limit);
  return {
    items: first.map(({ kind, id, subreddit }) => ({ kind, id, subreddit })),
    left: found.length - first.length,
  };
}

/** An hour that only begins before the end is in. */
function hoursOf({ from, to }: TimeWindow) {
  return { from: hourOf(from), before: to };
}

function createdOf({ kind, id, created_utc }: Line, subreddit: string): Created {
  return { kind, id, subreddit, created_utc };
}

function isIn({ created_utc }: Created, { from, to }: TimeWindow): boolean {
  return created_utc >= from && created_utc < to;
}

export function newestFirst(
  a: Pick<Line, 'id' | 'created_utc'>,
  b: Pick<Line, 'id' | 'created_utc'>,
): number {
  if (a.created_utc !== b.created_utc) return a.created_utc < b.created_utc ? 1 : -1;
  return a.id < b.id ? 1 : -1;
}
