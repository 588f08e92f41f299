import type { Clock } from '../clock.js';
import type { RedditConfig } from '../config.js';
import { AppError, isTransient } from '../errors.js';
import type { Log } from '../log.js';
import { type RetryPolicy, retry } from '../retry.js';
import { listingPage } from './answer.js';
import type { BudgetMemory } from './budget.js';
import type { Exchange } from './exchange.js';
import { openSession, type Question } from './session.js';
import { type ListingQuery, MOST_PER_REQUEST, type PostSource } from './source.js';
import { morePage, threadPage } from './thread.js';

export interface RedditDeps {
  clock: Clock;
  log: Log;
  /** Where the rate budget outlives this source; absent: nowhere. */
  budget?: BudgetMemory;
  requestsPerMinute?: number;
  retry?: RetryPolicy;
}

/** Retries of a request that failed for a passing reason: after 1 s, 4 s and 16 s. */
const REDDIT_RETRY: RetryPolicy = { retries: 3, baseDelayMs: 1000 };

/** Of a thread; it shows 200 unless asked for more. */
const MOST_COMMENTS = 500;

/** `PostSource` over Reddit's OAuth API (or what speaks it at `config.baseUrl`). */
export function createRedditSource(
  config: RedditConfig,
  clientSecret: string,
  deps: RedditDeps,
): PostSource {
  const { clock, log, retry: policy = REDDIT_RETRY, budget: memory = null } = deps;
  const session = openSession(config, clientSecret, {
    ...{ clock, log, memory },
    ...(deps.requestsPerMinute === undefined ? {} : { perMinute: deps.requestsPerMinute }),
  });

  function ask<Page>(
    question: Question,
    read: (answer: Exchange, place: string) => Page,
    signal: AbortSignal,
  ): Promise<Page> {
    const place = `GET ${question.path}`;
    return retry(async () => read(await session.get(question, signal), place), {
      ...policy,
      clock,
      signal,
      // What the budget's memory fails with has been retried by the memory.
      isRetryable: (error) => isTransient(error) && (error as AppError).code.startsWith('reddit_'),
      onRetry: (error, attempt, delayMs) =>
        log.warn(
          { place, attempt, delay_ms: delayMs, reason: reason(error) },
          'request to Reddit failed, trying again',
        ),
    });
  }

  return {
    listing: (query, signal) => ask(listingQuestion(query), listingPage, signal),
    info: async (fullnames, signal) =>
      ask({ path: '/api/info', query: { id: list(fullnames) } }, listingPage, signal),
    thread: (postId, signal) =>
      ask(
        { path: `/comments/${encodeURIComponent(postId)}`, query: { limit: MOST_COMMENTS } },
        threadPage,
        signal,
      ),
    moreComments: async (postId, ids, signal) => {
      const query = { api_type: 'json', link_id: `t3_${postId}`, children: list(ids) };
      return ask({ path: '/api/morechildren', query }, morePage, signal);
    },
    requestsSent: () => session.requestsSent(),
    close: () => session.close(),
  };
}

function listingQuestion({ subreddit, kind, limit, after }: ListingQuery): Question {
  return {
    path: `/r/${encodeURIComponent(subreddit)}/${kind === 'post' ? 'new' : 'comments'}`,
    query: { limit: Math.min(limit, MOST_PER_REQUEST), ...(after === null ? {} : { after }) },
  };
}

function list(names: readonly string[]): string {
  if (names.length <= MOST_PER_REQUEST) return names.join(',');
  throw new AppError('internal', `${names.length} names in one request exceed ${MOST_PER_REQUEST}`);
}

function reason(error: unknown): string {
  return error instanceof AppError ? `${error.code}: ${error.message}` : String(error);
}
