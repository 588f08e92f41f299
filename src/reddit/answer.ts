import { Value } from 'typebox/value';
import type { SubredditState } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { RedditListing } from './schemas.js';
import type { ListingPage } from './source.js';
import { readThing } from './things.js';

const CLOSED_REASONS: Record<string, SubredditState> = {
  private: 'private',
  banned: 'banned',
  gated: 'gated',
  quarantined: 'quarantined',
};

/**
 * Judges an answer to a listing request: a page, a state of the subreddit, or an error.
 *
 * @throws AppError as `rejection` says, `reddit_bad_answer` for 200 without a listing.
 */
export function listingPage(answer: Exchange, place: string): ListingPage {
  const state = closedState(answer);
  if (state !== null) return { state, posts: [], comments: [], invalid: [], after: null };
  if (answer.status !== 200) throw rejection(answer, place);
  const body = parseJson(answer, place);
  if (!Value.Check(RedditListing, body)) {
    throw new AppError('reddit_bad_answer', `${place}: 200, but not a listing`);
  }
  const page: ListingPage = {
    state: 'active',
    posts: [],
    comments: [],
    invalid: [],
    after: body.data.after,
  };
  for (const child of body.data.children) sortChild(child, page);
  return page;
}

/** One bad object is named and left out; the rest of the page is kept. */
function sortChild(child: RedditListing['data']['children'][number], page: ListingPage): void {
  const thing = readThing(child.kind, child.data);
  if ('post' in thing) page.posts.push(thing.post);
  else if ('comment' in thing) page.comments.push(thing.comment);
  else {
    const name = (child.data as { name?: unknown } | null)?.name;
    page.invalid.push({
      fullname: typeof name === 'string' ? name.slice(0, 40) : 'unknown',
      reason: thing.reason,
    });
  }
}

/** A subreddit that Reddit closes to us says so with 403 or 404 and a reason. */
function closedState(answer: Exchange): SubredditState | null {
  if (answer.status !== 403 && answer.status !== 404) return null;
  try {
    const { reason } = JSON.parse(answer.text) as { reason?: string };
    return CLOSED_REASONS[reason ?? ''] ?? null;
  } catch {
    return null;
  }
}

function parseJson(answer: Exchange, place: string): unknown {
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    const start = answer.text.trimStart().startsWith('<') ? 'HTML' : 'no JSON';
    throw new AppError('reddit_bad_answer', `${place}: 200 with ${start}`, { cause: error });
  }
}

/** The error that an unsuccessful status means. */
export function rejection(answer: Exchange, place: string): AppError {
  const { status } = answer;
  const message = `${place}: Reddit answered ${status}`;
  if (status === 401) return new AppError('reddit_unauthorized', message);
  if (status === 403) return new AppError('reddit_forbidden', message);
  if (status === 404 || (status >= 300 && status < 400)) {
    return new AppError('reddit_not_found', `${message}: is the name spelt right?`);
  }
  if (status === 429) {
    const retryAfter = Number(answer.headers['retry-after']);
    const details = Number.isFinite(retryAfter) ? { retry_after_seconds: retryAfter } : {};
    return new AppError('reddit_rate_limited', message, { details });
  }
  if (status >= 500) return new AppError('reddit_unavailable', message);
  return new AppError('reddit_bad_answer', message);
}
