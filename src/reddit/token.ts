import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { rejection } from './answer.js';

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

function parseToken(answer: Exchange): { value: string; lifeMs: number } {
  if (answer.status === 401 || answer.status === 400) {
    throw new AppError('reddit_unauthorized', 'Reddit refuses the client id or secret', {
      cure: 'compare REDDIT_CLIENT_ID and the secret with the app on reddit.com/prefs/apps',
    });
  }
  if (answer.status !== 200) throw rejection(answer, 'token');
  try {
    const body = JSON.parse(answer.text) as { access_token?: unknown; expires_in?: unknown };
    if (typeof body.access_token === 'string' && typeof body.expires_in === 'number') {
      return { value: body.access_token, lifeMs: body.expires_in * 1000 };
    }
  } catch {
    // told below, with what a body that is JSON but no token gets
  }
  throw new AppError('reddit_bad_answer', 'Reddit answered a token request without a token');
}
