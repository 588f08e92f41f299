import { isDeepStrictEqual } from 'node:util';
import type { HeldSubreddit } from '../../move-store.js';
import type { Account, Operation } from '../account.js';
import { type GapDocument, gapId, type HeadDocument, partitionOf } from '../documents/documents.js';
import { written } from '../control/documents.js';
import { readGaps } from '../control/gaps.js';
import { announce } from '../write/announce.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import type { View } from '../write/view.js';

export async function heldSubreddits(account: Account): Promise<HeldSubreddit[]> {
  const heads = await account.items.query<HeadDocument>('heldSubreddits', {
    text: "SELECT * FROM c WHERE c.kind = 'head'",
    parameters: {},
    partition: null,
  });
  const gaps = await readGaps(account, { limit: Number.POSITIVE_INFINITY });
  return heads
    .sort((a, b) => (a.subreddit < b.subreddit ? -1 : 1))
    .map(({ subreddit, name, state, last_success_at, watermarks }) => ({
      ...{ name, state, last_success_at, watermarks },
      gaps: gaps
        .filter((gap) => partitionOf(gap.subreddit) === subreddit)
        .map(({ subreddit: _, ...gap }) => gap),
    }));
}

/** Names of the partitions: whatever is stored of a subreddit, its head is. */
export async function heldPartitions({ items }: Pick<Account, 'items'>): Promise<string[]> {
  const names = await items.query<string>('heldPartitions', {
    text: "SELECT VALUE c.subreddit FROM c WHERE c.kind = 'head'",
    parameters: {},
    partition: null,
  });
  return names.sort();
}

export async function putSubreddit(deps: WriteDeps, subreddit: HeldSubreddit): Promise<void> {
  const at = { subreddit: subreddit.name, fence: null, shape: 'putSubreddit', intent: subreddit };
  const { status } = await changePartition(deps, at, (view) => plan(subreddit, view));
  await announce(deps, status === 'written');
}

/** Gaps are few: with 90 of them a batch would be too large, which nobody has seen. */
async function plan({ gaps, ...facts }: HeldSubreddit, view: View): Promise<Change<null> | null> {
  const operations: Operation[] = [];
  for (const gap of gaps) {
    const { kind, ...rest } = gap;
    const document: GapDocument = {
      ...{ id: gapId(gap), subreddit: partitionOf(facts.name), name: facts.name, ttl: -1 },
      ...{ kind: 'gap', of: kind, ...rest },
    };
    const stored = await view.read<GapDocument>(document.id);
    if (stored !== null && isDeepStrictEqual(written(stored), document)) continue;
    operations.push({ kind: 'upsert', document });
  }
  const known = view.head;
  const same =
    known !== null &&
    (['name', 'state', 'last_success_at', 'watermarks'] as const).every((fact) =>
      isDeepStrictEqual(known[fact], facts[fact]),
    );
  return same && operations.length === 0 ? null : { head: facts, operations, result: null };
}
