import { Agent } from 'undici';
import type { RedditConfig } from '../config.js';
import { type BudgetOptions, createRateLimiter } from './budget.js';
import { type Exchange, exchange, type RedditRequest } from './exchange.js';
import { createSnoowrap } from './snoowrap.js';
import { keepToken } from './token.js';

export interface Question {
  path: string;
  query: Record<string, string | number>;
}

/** Requests to Reddit as one client: each with its turn in the rate budget, a token and a deadline. */
export interface Session {
  /**
   * One answered request, whatever the answer; a refused token is replaced once.
   * @throws AppError `reddit_*` of transport and token, `cancelled`.
   */
  get(question: Question, signal: AbortSignal): Promise<Exchange>;
  /** Requests sent, those for tokens included. */
  requestsSent(): number;
  close(): Promise<void>;
}

/** Reddit's hosts: tokens come from `www`, everything else from `oauth`. */
const TOKEN_HOST = 'https://www.reddit.com';

export function openSession(
  config: RedditConfig,
  clientSecret: string,
  budget: BudgetOptions,
): Session {
  const { clock } = budget;
  const agent = new Agent({ connections: 4, keepAliveTimeout: 10_000 });
  const transport = { agent, clock, timeoutMs: config.timeoutMs };
  const limiter = createRateLimiter(budget);
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

  return {
    async get({ path, query }, signal) {
      for (let attempt = 1; ; attempt += 1) {
        const current = await turn(signal);
        const answer = await get(path, query, current, signal);
        if (answer.status !== 401 || attempt > 1) return answer;
        token.refused(current);
      }
    },
    requestsSent: () => sent,
    async close() {
      closed.abort();
      await agent.destroy();
    },
  };
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
