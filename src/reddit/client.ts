import { Agent } from 'undici';
import type { Clock } from '../clock.js';
import type { RedditConfig } from '../config.js';
import { AppError, isTransient } from '../errors.js';
import type { Log } from '../log.js';
import { type RetryPolicy, retry } from '../retry.js';
import { listingPage } from './answer.js';
import { type BudgetMemory, createRateLimiter } from './budget.js';
import { type Exchange, exchange, type RedditRequest } from './exchange.js';
import { createSnoowrap } from './snoowrap.js';
import type { ListingQuery, PostSource } from './source.js';
import { morePage, threadPage } from './thread.js';
import { keepToken } from './token.js';

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

/** Reddit's hosts: tokens come from `www`, everything else from `oauth`. */
const TOKEN_HOST = 'https://www.reddit.com';
/** More in one request Reddit does not answer. */
const MOST_PER_REQUEST = 100;

interface Question {
  path: string;
  query: Record<string, string | number>;
}

/** `PostSource` over Reddit's OAuth API (or what speaks it at `config.baseUrl`). */
export function createRedditSource(
  config: RedditConfig,
  clientSecret: string,
  deps: RedditDeps,
): PostSource {
  const { clock, log, retry: policy = REDDIT_RETRY, budget: memory = null } = deps;
  const agent = new Agent({ connections: 4, keepAliveTimeout: 10_000 });
  const transport = { agent, clock, timeoutMs: config.timeoutMs };
  const perMinute = deps.requestsPerMinute;
  const limiter = createRateLimiter({
    ...{ clock, log, memory },
    ...(perMinute === undefined ? {} : { perMinute }),
  });
  const closed = new AbortController();
  let sent = 0;

  /** Sends a request whose turn was taken. */
  async function send(request: RedditRequest, signal: AbortSignal): Promise<Exchange> {
    sent += 1;
    let answer: Exchange | null = null;
    try {
      answer = await exchange(request, transport, AbortSignal.any([signal, closed.signal]));
      return answer;
    } finally {
      await limiter.answered(answer?.headers ?? null);
    }
  }

  const token = keepToken(async () => {
    do await limiter.free(closed.signal);
    while (!(await limiter.take()));
    return send(tokenRequest(config, clientSecret), closed.signal);
  }, clock);
  const get = createSnoowrap({ userAgent: config.userAgent, baseUrl: config.baseUrl, send });

  /** Waits for a turn, and for a token that is good by then. */
  async function turn(signal: AbortSignal): Promise<string> {
    for (;;) {
      await limiter.free(signal);
      const current = await token.get(signal);
      if (await limiter.take()) return current;
    }
  }

  /** One request with a good token; a refused token is replaced once. */
  async function authorised({ path, query }: Question, signal: AbortSignal): Promise<Exchange> {
    for (let attempt = 1; ; attempt += 1) {
      const current = await turn(signal);
      const answer = await get(path, query, current, signal);
      if (answer.status !== 401 || attempt > 1) return answer;
      token.refused(current);
    }
  }

  function ask<Page>(
    question: Question,
    read: (answer: Exchange, place: string) => Page,
    signal: AbortSignal,
  ): Promise<Page> {
    const place = `GET ${question.path}`;
    return retry(async () => read(await authorised(question, signal), place), {
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
    info: (fullnames, signal) =>
      ask({ path: '/api/info', query: { id: list(fullnames) } }, listingPage, signal),
    thread: (postId, signal) =>
      ask({ path: `/comments/${encodeURIComponent(postId)}`, query: {} }, threadPage, signal),
    moreComments: (postId, ids, signal) => {
      const query = { api_type: 'json', link_id: `t3_${postId}`, children: list(ids) };
      return ask({ path: '/api/morechildren', query }, morePage, signal);
    },
    requestsSent: () => sent,
    async close() {
      closed.abort();
      await agent.destroy();
    },
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

function tokenRequest(config: RedditConfig, clientSecret: string): RedditRequest {
  const basic = Buffer.from(`${config.clientId}:${clientSecret}`).toString('base64');
  return {
    method: 'POST',
    url: `${config.baseUrl ?? TOKEN_HOST}/api/v1/access_token`,
    headers: {
      authorization: `Basic ${basic}`,
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': config.userAgent,
    },
    body: 'grant_type=client_credentials',
  };
}

function reason(error: unknown): string {
  return error instanceof AppError ? `${error.code}: ${error.message}` : String(error);
}
