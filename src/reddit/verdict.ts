import type { SubredditState } from '../domain/cycle.js';
import type { ErrorCode } from '../errors.js';
import type { Exchange } from './exchange.js';

/** What an answer of Reddit means, before anybody looks for items in it. */
export interface Verdict {
  /** The row that decided, for logs and tests. */
  row: string;
  /** `content`: read on. Otherwise an error, or a state of the subreddit that is none. */
  means: 'content' | ErrorCode | { state: SubredditState };
}

/** `content`: everything that is read with a token. `token`: the request for one. */
export type Place = 'content' | 'token';

/** A verdict, and the JSON it was made on; undefined when the text is none. */
export type Judged = Verdict & { json: unknown };

interface Body {
  text: string;
  /** Undefined when the text is no JSON. */
  json: unknown;
}

interface Row extends Verdict {
  /** Absent: both. */
  place?: Place;
  /** Statuses, or ranges [from, to]. */
  status: readonly (number | readonly [number, number])[];
  /** Absent: whatever the body. */
  body?: (body: Body) => boolean;
}

const REDIRECT = [301, 302, 303, 307, 308];
/** A request that Reddit does not take, and would not take in a second either. */
const REJECTED = [400, 402, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 422, 426, 431];

/**
 * Every answer we know of, from recordings of 2013 to 2025 (test/unit/reddit-answers.test.ts),
 * Reddit's wiki, RFC 6749 §5.2 for tokens and RFC 9110 for statuses that were never recorded.
 * The first row that fits decides. Which codes are worth a retry stands in errors.ts.
 */
const ROWS: readonly Row[] = [
  closed('private'),
  closed('gated'),
  closed('quarantined'),
  closed('banned'),
  { row: 'token_refused', place: 'token', status: [400, 401], means: 'reddit_unauthorized' },
  { row: 'unauthorized', status: [401], means: 'reddit_unauthorized' },
  { row: 'forbidden', status: [403, 451], means: 'reddit_forbidden' },
  { row: 'not_found', status: [404], means: 'reddit_not_found' },
  // `/r/x` of a name that nobody has leads to the search page.
  { row: 'redirect', status: REDIRECT, means: 'reddit_not_found' },
  { row: 'timed_out', status: [408], means: 'reddit_timeout' },
  { row: 'rate_limited', status: [429], means: 'reddit_rate_limited' },
  { row: 'rejected', status: REJECTED, means: 'reddit_rejected' },
  // 520 to 530 are said by the networks in front of Reddit.
  { row: 'unavailable', status: [425, [500, 530]], means: 'reddit_unavailable' },
  { row: 'empty', status: [200, 204], body: isBlank, means: 'reddit_bad_answer' },
  { row: 'html', status: [200], body: isHtml, means: 'reddit_bad_answer' },
  {
    row: 'no_json',
    status: [200],
    body: ({ json }) => json === undefined,
    means: 'reddit_bad_answer',
  },
  {
    row: 'oauth_error',
    place: 'token',
    status: [200],
    body: hasOauthError,
    means: 'reddit_unauthorized',
  },
  {
    row: 'rate_limited_inside',
    status: [200],
    body: tells('RATELIMIT'),
    means: 'reddit_rate_limited',
  },
  {
    row: 'login_inside',
    status: [200],
    body: tells('USER_REQUIRED'),
    means: 'reddit_unauthorized',
  },
  {
    row: 'errors_inside',
    status: [200],
    body: (body) => errorsInside(body).length > 0,
    means: 'reddit_rejected',
  },
  { row: 'content', status: [200], means: 'content' },
];

/** @returns row `unknown`, a `reddit_bad_answer`, for a status that no row has. */
export function judge(answer: Exchange, place: Place): Judged {
  const body: Body = { text: answer.text, json: parsed(answer.text) };
  const inside = answer.status === 200 ? statusInside(body.json) : null;
  if (inside !== null) {
    const { row, means } = firstRow(inside, body, place);
    return { row: `${row}_inside`, means, json: body.json };
  }
  return { ...firstRow(answer.status, body, place), json: body.json };
}

function firstRow(status: number, body: Body, place: Place): Verdict {
  const found = ROWS.find(
    (row) =>
      (row.place ?? place) === place &&
      row.status.some((known) =>
        typeof known === 'number' ? known === status : known[0] <= status && status <= known[1],
      ) &&
      (row.body?.(body) ?? true),
  );
  return found === undefined
    ? { row: 'unknown', means: 'reddit_bad_answer' }
    : { row: found.row, means: found.means };
}

/** A subreddit that Reddit closes to us says so with 403 or 404 and a reason. */
function closed(state: SubredditState): Row {
  const body = ({ json }: Body) => isObject(json) && json.reason === state;
  return { row: state, place: 'content', status: [403, 404], body, means: { state } };
}

/** Undefined for what is no JSON, deeper than the stack included. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Status 200 around `{"error": 503}`: an error that a cache or an old route wrapped. */
function statusInside(json: unknown): number | null {
  if (!isObject(json) || typeof json.error !== 'number') return null;
  return json.error === 200 ? null : json.error;
}

function hasOauthError({ json }: Body): boolean {
  return isObject(json) && typeof json.error === 'string';
}

/** Codes of `{json: {errors: [[code, explanation, field], …]}}`. */
function errorsInside({ json }: Body): unknown[] {
  const inner = isObject(json) ? json.json : null;
  const errors = isObject(inner) ? inner.errors : null;
  return Array.isArray(errors)
    ? errors.map((error: unknown) => (error as unknown[] | null)?.[0])
    : [];
}

function tells(code: string): (body: Body) => boolean {
  return (body) => errorsInside(body).includes(code);
}

function isBlank({ text }: Body): boolean {
  return text.trim() === '';
}

function isHtml({ text }: Body): boolean {
  return text.trimStart().startsWith('<');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const EXPLANATION_LENGTH = 200;

/** What Reddit itself says about an unsuccessful answer, on one short line; empty for nothing. */
export function explanation({ text }: Exchange): string {
  const json = parsed(text);
  if (!isObject(json)) return '';
  const inside = isObject(json.json) ? json.json.errors : null;
  const [first] = Array.isArray(inside) ? (inside as unknown[]) : [];
  const words = [json.reason, json.explanation, json.error_description, first, json.error]
    .flat()
    .filter((word) => typeof word === 'string' && word !== '')
    .join(': ');
  return words
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, EXPLANATION_LENGTH)
    .toWellFormed();
}
