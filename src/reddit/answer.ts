import { Value } from 'typebox/value';
import type { SubredditState } from '../domain/cycle.js';
import { AppError, type ErrorCode } from '../errors.js';
import type { Exchange } from './exchange.js';
import { CreatedUtc, RedditListing } from './schemas.js';
import type { ListingPage } from './source.js';
import { readThing } from './things.js';
import { explanation, judge } from './verdict.js';

/** Ten times what Reddit puts on a page: more is no page, and would cost us minutes. */
const MAX_CHILDREN = 1000;

/**
 * Judges an answer to a request for a listing: a page, a state of the subreddit, or an error.
 *
 * @throws AppError as verdict.ts lists them, `reddit_bad_answer` for other JSON than a listing.
 */
export function listingPage(answer: Exchange, place: string): ListingPage {
  const { state, body } = contentOf(answer, place);
  return state === 'active' ? pageOfListing(body, place) : emptyPage(state);
}

/** The page of a listing in Reddit's JSON. @throws AppError `reddit_bad_answer` */
export function pageOfListing(body: unknown, place: string): ListingPage {
  const page = emptyPage('active');
  if (!Value.Check(RedditListing, body)) throw unexpected(place, 'a listing');
  const { after, children } = body.data;
  if (children.length > MAX_CHILDREN) throw unexpected(place, 'a page of a listing');
  page.after = after;
  for (const child of children) sortChild(child, page);
  return page;
}

export function emptyPage(state: SubredditState): ListingPage {
  return { state, posts: [], comments: [], invalid: [], after: null };
}

/** The JSON of a good answer; or the state that closes the subreddit, and no body. */
export function contentOf(
  answer: Exchange,
  place: string,
): { state: SubredditState; body: unknown } {
  const { row, means, json } = judge(answer, 'content');
  if (means === 'content') return { state: 'active', body: json };
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
  const thing = readThing(kind, data);
  if ('post' in thing) page.posts.push(thing.post);
  else if ('comment' in thing) page.comments.push(thing.comment);
  else {
    const { name, created_utc } = (data ?? {}) as Record<string, unknown>;
    page.invalid.push({
      fullname: typeof name === 'string' ? name.slice(0, 40).toWellFormed() : 'unknown',
      reason: thing.reason,
      created_utc: Value.Check(CreatedUtc, created_utc) ? created_utc : null,
      above: page.posts.length + page.comments.length,
    });
  }
}
