import { Value } from 'typebox/value';
import type { SubredditState } from '../domain/cycle.js';
import { AppError, type ErrorCode } from '../errors.js';
import type { Exchange } from './exchange.js';
import { CreatedUtc, RedditComment, RedditListing, RedditPost } from './schemas.js';
import type { ListingPage } from './source.js';
import { explanation, judge, parsed } from './verdict.js';

/**
 * Judges an answer to a request for a listing: a page, a state of the subreddit, or an error.
 *
 * @throws AppError as verdict.ts lists them, `reddit_bad_answer` for other JSON than a listing.
 */
export function listingPage(answer: Exchange, place: string): ListingPage {
  const { state, body } = contentOf(answer, place);
  const page: ListingPage = { state, posts: [], comments: [], invalid: [], after: null };
  if (state !== 'active') return page;
  if (!Value.Check(RedditListing, body)) throw unexpected(place, 'a listing');
  page.after = body.data.after;
  for (const child of body.data.children) sortChild(child, page);
  return page;
}

/** The JSON of a good answer; or the state that closes the subreddit, and no body. */
export function contentOf(
  answer: Exchange,
  place: string,
): { state: SubredditState; body: unknown } {
  const { row, means } = judge(answer, 'content');
  if (means === 'content') return { state: 'active', body: parsed(answer.text) };
  if (typeof means === 'object') return { state: means.state, body: null };
  throw failure(means, row, answer, place);
}

/** The error that an unsuccessful answer is. */
export function failure(code: ErrorCode, row: string, answer: Exchange, place: string): AppError {
  const said = explanation(answer);
  const message = `${place}: Reddit answered ${answer.status}, ${row}${said === '' ? '' : ` (${said})`}`;
  const cure = CURES[code];
  return new AppError(code, message, {
    details: { row },
    ...(cure === undefined ? {} : { cure }),
  });
}

const CURES: Partial<Record<ErrorCode, string>> = {
  reddit_not_found: 'see that the name in SUBREDDITS is spelt as on Reddit',
};

export function unexpected(place: string, what: string): AppError {
  return new AppError('reddit_bad_answer', `${place}: 200, but not ${what}`, {
    details: { row: 'unexpected_shape' },
  });
}

/** One bad object is named and left out; the rest of the page is kept. */
export function sortChild(
  child: unknown,
  page: Pick<ListingPage, 'posts' | 'comments' | 'invalid'>,
): void {
  const { kind, data } = (child ?? {}) as { kind?: unknown; data?: unknown };
  if (kind === 't3' && Value.Check(RedditPost, data) && isNamed(data, kind)) {
    page.posts.push(data);
  } else if (kind === 't1' && Value.Check(RedditComment, data) && isNamed(data, kind)) {
    page.comments.push(data);
  } else {
    const { name, created_utc } = (data ?? {}) as Record<string, unknown>;
    page.invalid.push({
      fullname: typeof name === 'string' ? name.slice(0, 40).toWellFormed() : 'unknown',
      reason: invalidReason(kind, data),
      created_utc: Value.Check(CreatedUtc, created_utc) ? created_utc : null,
      above: page.posts.length + page.comments.length,
    });
  }
}

/** Ids that were mixed up would put one thing in another's place. */
function isNamed({ id, name }: { id: string; name: string }, prefix: string): boolean {
  return name === `${prefix}_${id}`;
}

function invalidReason(kind: unknown, data: unknown): string {
  if (kind !== 't3' && kind !== 't1') return 'unexpected_kind';
  const [first] = Value.Errors(kind === 't3' ? RedditPost : RedditComment, data);
  if (first === undefined) return 'invalid_name';
  return `invalid_${first.instancePath.split('/')[1] ?? 'object'}`;
}
