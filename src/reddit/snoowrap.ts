import Snoowrap from 'snoowrap';
import type { Exchange, RedditRequest } from './exchange.js';

/** What snoowrap hands to `rawRequest`; only what `get` below makes it use. */
interface RawOptions {
  baseUrl: string;
  uri: string;
  qs: Record<string, string | number>;
  headers: Record<string, string>;
  auth: { bearer: string };
  signal: AbortSignal;
}

/** What snoowrap reads off a response. */
interface RawResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Exchange;
  request: { method: string; uri: { href: string } };
}

export interface SnoowrapDeps {
  userAgent: string;
  /** Null: the host that snoowrap knows. */
  baseUrl: string | null;
  send: (request: RedditRequest, signal: AbortSignal) => Promise<Exchange>;
}

/** Answers whatever came back: no status is an error here, nothing is retried or parsed. */
export type RedditGet = (
  path: string,
  query: Record<string, string | number>,
  token: string,
  signal: AbortSignal,
) => Promise<Exchange>;

/**
 * snoowrap builds the requests of Reddit's OAuth API; the four things it does badly under
 * faults are ours: transport (no deadline on the token request), renewal of tokens,
 * waiting for the rate limit, and objects that fetch when a property is read.
 */
export function createSnoowrap(deps: SnoowrapDeps): RedditGet {
  const client = new Client(deps);
  return async (path, query, token, signal) => {
    // What snoowrap adds by itself is merged under these.
    const options = { method: 'get', uri: path, qs: query, auth: { bearer: token }, signal };
    return (await client.oauthRequest(options)) as Exchange;
  };
}

class Client extends Snoowrap {
  readonly #deps: SnoowrapDeps;

  constructor(deps: SnoowrapDeps) {
    super({ userAgent: deps.userAgent, accessToken: 'asked for at the first request' });
    this.#deps = deps;
    // 599 never comes: with an empty list snoowrap's retry handler would catch every error.
    this.config({ maxRetryAttempts: 1, retryErrorCodes: [599], warnings: false, debug: false });
  }

  /** Each request brings its own; snoowrap's renewal is none (see token.ts). */
  override updateAccessToken(): Promise<string> {
    return Promise.resolve(this.accessToken);
  }

  override async rawRequest(given: unknown): Promise<RawResponse> {
    const options = given as RawOptions;
    const url = new URL(options.uri, this.#deps.baseUrl ?? options.baseUrl);
    for (const [key, value] of Object.entries(options.qs)) url.searchParams.set(key, `${value}`);
    const answer = await this.#deps.send(
      {
        method: 'GET',
        url: url.href,
        headers: { ...options.headers, authorization: `bearer ${options.auth.bearer}` },
      },
      options.signal,
    );
    return {
      statusCode: answer.status,
      headers: answer.headers,
      body: answer,
      request: { method: 'get', uri: { href: url.href } },
    };
  }

  /** Called by snoowrap with each body: ours stays what it is. */
  _populate<T>(body: T): T {
    return body;
  }

  /** Called by snoowrap before each request: the budget has waited already. */
  _awaitRatelimit(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Called before each request as well: it would wait on a timer of its own, which no
   * deadline ends, until the wall-clock time of the request before has come again.
   */
  _awaitRequestDelay(): Promise<void> {
    return Promise.resolve();
  }
}
