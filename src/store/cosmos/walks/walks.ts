import type { UpkeepStore } from '../../upkeep-store.js';
import type { Account } from '../account.js';
import { itemsCreated } from './created.js';
import { sweepPage } from './sweep.js';
import { shortThreads, strayPosts } from './threads.js';

type Walks = Pick<
  UpkeepStore,
  'itemsCreated' | 'sweepPage' | 'itemCount' | 'shortThreads' | 'strayPosts'
>;

/** What refresh, repair and sweep look for; read from what is kept of each hour. */
export function cosmosWalks({ items }: Account): Walks {
  return {
    itemsCreated: (query) => itemsCreated(items, query),
    sweepPage: (query) => sweepPage(items, query),
    itemCount: async () => {
      const text = `SELECT VALUE c.items FROM c WHERE c.kind = 'head'`;
      const query = { text, parameters: {}, partition: null };
      const counts = await items.query<number>('item count', query);
      return counts.reduce((sum, count) => sum + count, 0);
    },
    shortThreads: (query) => shortThreads(items, query),
    strayPosts: (query) => strayPosts(items, query),
  };
}
