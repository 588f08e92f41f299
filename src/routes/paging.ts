import type { Result } from './reply.js';

/** Ask the store for so many: the one more tells whether there is a next page. */
export const withOneMore = (limit: number): number => limit + 1;

/** Only there because a relative reference has to be read against something. */
const ANY_ORIGIN = 'http://localhost';

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
  // A request line may name a host and a fragment (RFC 9112, 3.2.2). The answer is kept for everybody,
  // so neither may get into it.
  const { pathname, searchParams } = new URL(url, ANY_ORIGIN);
  searchParams.set('cursor', cursorAfter(last));
  return {
    value: entries,
    headers: { link: `<${pathname}?${searchParams.toString()}>; rel="next"` },
  };
}
