import { sumOf } from '../account.js';
import { anyOf, type View } from './view.js';

/** Comments that are counted one by one; of more, a query might find more than it may. */
const MOST = 20_000;

/** How many comments of each of these posts are stored in a partition; without those that have none. */
export async function countComments(
  ask: View['query'],
  postIds: readonly string[],
): Promise<Map<string, number>> {
  const [first] = postIds;
  if (first === undefined) return new Map();
  const { text, parameters } = anyOf(
    `SELECT TOP ${MOST + 1} VALUE c.post_id FROM c WHERE c.post_id`,
    postIds,
  );
  const found = await ask<string>(text, parameters);
  if (found.length <= MOST) return tallied(found);
  if (postIds.length === 1) return new Map([[first, await countThread(ask, first)]]);
  const half = Math.ceil(postIds.length / 2);
  const [some, others] = [postIds.slice(0, half), postIds.slice(half)];
  return new Map([...(await countComments(ask, some)), ...(await countComments(ask, others))]);
}

function tallied(found: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const id of found) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

async function countThread(ask: View['query'], postId: string): Promise<number> {
  const text = 'SELECT VALUE COUNT(1) FROM c WHERE c.post_id = @post';
  return sumOf(await ask<number>(text, { '@post': postId }));
}
