import { pathOf } from './problem.js';
import type { Result } from './reply.js';

/** Ask the store for so many: the one more tells whether there is a next page. */
export const withOneMore = (limit: number): number => limit + 1;

/**
 * Cuts the one more off; where there was one, the header `Link` has the next page: the same
 * question from the cursor on, as a relative reference, so that it holds behind any proxy.
 *
 * @param url the request's
 * @param cursorAfter the cursor for what follows an entry
 */
export function pageOf<Entry>(
  found: readonly Entry[],
  limit: number,
  url: string,
  cursorAfter: (last: Entry) => string,
): Result<Entry[]> {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  if (found.length <= limit || last === undefined) return { value: entries };
  const path = pathOf(url);
  const parameters = new URLSearchParams(url.slice(path.length + 1));
  parameters.set('cursor', cursorAfter(last));
  return { value: entries, headers: { link: `<${path}?${parameters.toString()}>; rel="next"` } };
}
