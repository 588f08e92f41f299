import { Value } from 'typebox/value';
import type { SubredditState } from '../domain/cycle.js';
import { AppError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { CreatedUtc, RedditComment, RedditListing, RedditPost } from './schemas.js';
import type { ListingPage } from './source.js';

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
function sortChild(child: unknown, page: ListingPage): void {
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
