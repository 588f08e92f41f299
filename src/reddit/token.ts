import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { failure, unexpected } from './answer.js';
import { judge } from './verdict.js';

export interface TokenKeeper {
  /** A token that is good for a while yet; one request at most is under way at a time. */
  get(signal: AbortSignal): Promise<string>;
  /** Says that Reddit refused this token; the next `get` asks for another one. */
  refused(token: string): void;
}

/** Renew this long before the end, or at four fifths of a short life. */
const MARGIN_MS = 60_000;

/**
 * Keeps an application-only token (grant `client_credentials`, Reddit's OAuth2 wiki page).
 * snoowrap never renews such tokens and sends a request for each cold call.
 *
 * @param request sends the token request, with its own deadline
 */
export function keepToken(request: () => Promise<Exchange>, clock: Clock): TokenKeeper {
  let token: { value: string; renewAt: number } | null = null;
  let underWay: Promise<string> | null = null;

  async function renew(): Promise<string> {
    const asked = clock.monotonic();
    const { value, lifeMs } = parseToken(await request());
    token = { value, renewAt: asked + lifeMs - Math.min(MARGIN_MS, lifeMs / 5) };
    return value;
  }

  return {
    async get(signal) {
      if (token !== null && clock.monotonic() < token.renewAt) return token.value;
      underWay ??= renew().finally(() => {
        underWay = null;
      });
      // The request is shared, so a caller that gives up leaves it to the others.
      return abortable(underWay, signal);
    },
    refused(value) {
      if (token?.value === value) token = null;
    },
  };
}

function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new AppError('cancelled', 'Cancelled while asking for a token'));
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cancel));
  });
}

/** As RFC 6750 §2.1 allows it, and short enough for a header. */
const TOKEN = /^[\w\-.~+/]{1,8000}=*$/;

function parseToken(answer: Exchange): { value: string; lifeMs: number } {
  const { row, means, json } = judge(answer, 'token');
  if (means !== 'content') {
    const code = typeof means === 'object' ? 'reddit_bad_answer' : means;
    const { message, details } = failure(code, row, answer, 'token');
    throw new AppError(code, message, {
      details,
      ...(code === 'reddit_unauthorized' ? { cure: CURE } : {}),
    });
  }
  // `null` is JSON, too.
  const body = json as { access_token?: unknown; expires_in?: unknown } | null;
  const { access_token, expires_in } = body ?? {};
  if (typeof access_token === 'string' && TOKEN.test(access_token) && isLife(expires_in)) {
    return { value: access_token, lifeMs: expires_in * 1000 };
  }
  throw unexpected('token', 'a token');
}

function isLife(seconds: unknown): seconds is number {
  return typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
}

const CURE =
  'compare REDDIT_CLIENT_ID and the secret with the app on reddit.com/prefs/apps (a script app)';
