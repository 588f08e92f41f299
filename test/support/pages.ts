import type { Api } from '../../src/routes/context.js';

/** Ends a walk that would never end. */
const MOST_PAGES = 500;

/** The next page that an answer links to. */
export function nextOf(link: unknown): string | null {
  return typeof link === 'string' ? (/^<([^>]+)>; rel="next"$/.exec(link)?.[1] ?? null) : null;
}

/** Follows the links from page to page. @param between runs after each page but the last */
export async function walk<Entry>(
  app: Pick<Api, 'inject'>,
  url: string,
  between: (page: number) => Promise<void> = async () => undefined,
): Promise<{ entries: Entry[]; pages: number[] }> {
  const entries: Entry[] = [];
  const pages: number[] = [];
  for (let next: string | null = url; next !== null; ) {
    if (pages.length >= MOST_PAGES) throw new Error(`${url}: more than ${MOST_PAGES} pages`);
    const reply = await app.inject(next);
    if (reply.statusCode !== 200) throw new Error(`${next}: ${reply.statusCode} ${reply.body}`);
    const found = reply.json<Entry[]>();
    entries.push(...found);
    pages.push(found.length);
    next = nextOf(reply.headers.link);
    if (next !== null) await between(pages.length);
  }
  return { entries, pages };
}
