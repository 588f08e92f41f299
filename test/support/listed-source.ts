import { listingPage } from '../../src/reddit/answer.js';
import type { CollectSource, ListingQuery } from '../../src/reddit/source.js';

/**
 * A source in memory that pages lists of children, newest first, as Reddit does, and
 * judges each page's JSON text with the client's own code. `childrenOf` is asked for every
 * page, so a list may change meanwhile. To questions by name it answers as for a closed subreddit,
 * which proves nothing about any item.
 */
export function listedSource(childrenOf: (query: ListingQuery) => Child[]): CollectSource {
  let pages = 0;
  return {
    async listing(query) {
      const all = childrenOf(query);
      const from = query.after === null ? 0 : all.findIndex(({ name }) => name === query.after) + 1;
      const found = query.after === null || from > 0;
      const page = found ? all.slice(from, from + query.limit) : [];
      const more = found && from + query.limit < all.length;
      pages += 1;
      const after = more ? (page.at(-1)?.name ?? null) : null;
      const children = page.map(({ text }) => text).join(',');
      const text = `{"kind":"Listing","data":{"after":${JSON.stringify(after)},"children":[${children}]}}`;
      return listingPage({ status: 200, headers: {}, text }, `page ${pages}`);
    },
    info: async () => ({ ...CLOSED, after: null }),
    thread: async () => ({ ...CLOSED, more: [] }),
    moreComments: async () => ({ ...CLOSED, more: [] }),
    requestsSent: () => pages,
  };
}

export interface Child {
  /** Its fullname in Reddit's own books, whatever the thing itself says. */
  name: string;
  /** What is served, as JSON: `{kind, data}`, or anything else. */
  text: string;
}

const CLOSED = { state: 'private' as const, posts: [], comments: [], invalid: [] };
