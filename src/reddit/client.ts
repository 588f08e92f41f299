import { Agent } from 'undici';
import type { Clock } from '../clock.js';
import type { RedditConfig } from '../config.js';
import { AppError, isTransient } from '../errors.js';
import type { Log } from '../log.js';
import { type RetryPolicy, retry } from '../retry.js';
import { listingPage } from './answer.js';
import { followRateLimit } from './budget.js';
import { type Exchange, exchange, type RedditRequest } from './exchange.js';
import { createSnoowrap } from './snoowrap.js';
import type { ListingQuery, PostSource } from './source.js';
import { keepToken } from './token.js';

export interface RedditDeps {
  clock: Clock;
  log: Log;
  retry?: RetryPolicy;
}

/** Retries of a request that failed for a passing reason: after 1 s, 4 s and 16 s. */
const REDDIT_RETRY: RetryPolicy = { retries: 3, baseDelayMs: 1000 };

/** Reddit's hosts: tokens come from `www`, everything else from `oauth`. */
const TOKEN_HOST = 'https://www.reddit.com';

/** `PostSource` over Reddit's OAuth API (or what speaks it at `config.baseUrl`). */
export function createRedditSource(
  config: RedditConfig,
  clientSecret: string,
  { clock, log, retry: policy = REDDIT_RETRY }: RedditDeps,
): PostSource {
  const agent = new Agent({ connections: 4, keepAliveTimeout: 10_000 });
  const transport = { agent, clock, timeoutMs: config.timeoutMs };
  const budget = followRateLimit(clock);
  const closed = new AbortController();
  let sent = 0;

  async function send(request: RedditRequest, signal: AbortSignal): Promise<Exchange> {
    sent += 1;
    const answer = await exchange(request, transport, AbortSignal.any([signal, closed.signal]));
    budget.learn(answer.headers);
    return answer;
  }

  const token = keepToken(() => send(tokenRequest(config, clientSecret), closed.signal), clock);
  const get = createSnoowrap({
    userAgent: config.userAgent,
    baseUrl: config.baseUrl,
    send,
  });

  /** One request with a good token; a refused token is replaced once. */
  async function authorised(query: ListingQuery, signal: AbortSignal): Promise<Exchange> {
    for (let attempt = 1; ; attempt += 1) {
      await budget.ready(signal);
      if (signal.aborted) throw new AppError('cancelled', 'Cancelled while waiting for Reddit');
      const current = await token.get(signal);
      const answer = await get(path(query), parameters(query), current, signal);
      if (answer.status !== 401 || attempt > 1) return answer;
      token.refused(current);
    }
  }

  return {
    listing(query, signal) {
      const place = `GET ${path(query)}`;
      return retry(async () => listingPage(await authorised(query, signal), place), {
        ...policy,
        clock,
        signal,
        isRetryable: isTransient,
        onRetry: (error, attempt, delayMs) =>
          log.warn(
            { subreddit: query.subreddit, attempt, delay_ms: delayMs, reason: reason(error) },
            'request to Reddit failed, trying again',
          ),
      });
    },
    requestsSent: () => sent,
    async close() {
      closed.abort();
      await agent.destroy();
    },
  };
}

function path({ subreddit, kind }: ListingQuery): string {
  return `/r/${encodeURIComponent(subreddit)}/${kind === 'post' ? 'new' : 'comments'}`;
}

function parameters({ limit, after }: ListingQuery): Record<string, string | number> {
  return { limit: Math.min(limit, 100), ...(after === null ? {} : { after }) };
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
