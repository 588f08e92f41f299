import type { CycleStatus, SubredditState } from '../../src/domain/cycle.js';
import type { ErrorCode } from '../../src/errors.js';
import type { Fault, FaultKind } from '../../src/simulator/faults.js';

/**
 * Which requests a fault befalls: all of them, those for tokens, all listings, or everything
 * of one subreddit.
 */
export const SCOPES = ['all', 'token', 'listings', 'one'] as const;
export type Scope = (typeof SCOPES)[number];

/** The subreddit that `one` means. */
export const THE_ONE = 'aws';

/** What becomes of a subreddit that a fault befalls; without an error it is collected. */
export interface Fate {
  code: ErrorCode | null;
  state: SubredditState;
}

export interface Row {
  kind: FaultKind;
  scope: Scope;
  status: Exclude<CycleStatus, 'running'>;
  /** Of each subreddit befallen; the others are active and without error. */
  fate: Fate;
}

const fails = (code: ErrorCode): Fate => ({ code, state: 'unknown' });
const closed = (state: SubredditState): Fate => ({ code: null, state });
const collected: Fate = { code: null, state: 'active' };

/**
 * By hand, and for ever: what each kind of fault must come to when it befalls a listing, and
 * when it befalls the token request. Null where the simulator cannot have it.
 */
const FATES: Record<FaultKind, { listing: Fate; token: Fate | null }> = {
  unauthorized: { listing: fails('reddit_unauthorized'), token: fails('reddit_unauthorized') },
  forbidden: { listing: fails('reddit_forbidden'), token: fails('reddit_forbidden') },
  // A subreddit has a state; a token that is refused with the same words has none.
  private: { listing: closed('private'), token: fails('reddit_forbidden') },
  gated: { listing: closed('gated'), token: fails('reddit_forbidden') },
  quarantined: { listing: closed('quarantined'), token: fails('reddit_forbidden') },
  banned: { listing: closed('banned'), token: fails('reddit_not_found') },
  not_found: { listing: fails('reddit_not_found'), token: fails('reddit_not_found') },
  rate_limited: { listing: fails('reddit_rate_limited'), token: fails('reddit_rate_limited') },
  server_error: { listing: fails('reddit_unavailable'), token: fails('reddit_unavailable') },
  bad_gateway: { listing: fails('reddit_unavailable'), token: fails('reddit_unavailable') },
  unavailable: { listing: fails('reddit_unavailable'), token: fails('reddit_unavailable') },
  gateway_timeout: { listing: fails('reddit_unavailable'), token: fails('reddit_unavailable') },
  html: { listing: fails('reddit_bad_answer'), token: fails('reddit_bad_answer') },
  error_inside: { listing: fails('reddit_unavailable'), token: fails('reddit_unavailable') },
  errors_inside: { listing: fails('reddit_rate_limited'), token: fails('reddit_rate_limited') },
  empty: { listing: fails('reddit_bad_answer'), token: fails('reddit_bad_answer') },
  truncated: { listing: fails('reddit_bad_answer'), token: fails('reddit_bad_answer') },
  endless: { listing: fails('reddit_bad_answer'), token: fails('reddit_bad_answer') },
  reset: { listing: fails('reddit_connection'), token: fails('reddit_connection') },
  reset_midway: { listing: fails('reddit_connection'), token: fails('reddit_connection') },
  drip: { listing: fails('reddit_timeout'), token: fails('reddit_timeout') },
  silent: { listing: fails('reddit_timeout'), token: fails('reddit_timeout') },
  // Each new token is revoked as well, so the second 401 is final.
  token_expired: { listing: fails('reddit_unauthorized'), token: null },
  // Single objects are skipped, not the listing; a token is one object.
  wrong_types: { listing: collected, token: fails('reddit_bad_answer') },
  missing_fields: { listing: collected, token: fails('reddit_bad_answer') },
  hostile_text: { listing: collected, token: fails('reddit_bad_answer') },
  megabytes: { listing: collected, token: collected },
};

/** Every kind in every scope that it can have. */
export const ROWS: readonly Row[] = (Object.keys(FATES) as FaultKind[]).flatMap((kind) =>
  SCOPES.flatMap((scope) => {
    const fate = fateOf(kind, scope);
    return fate === null ? [] : [{ kind, scope, fate, status: statusOf(fate, scope) }];
  }),
);

function fateOf(kind: FaultKind, scope: Scope): Fate | null {
  const { listing, token } = FATES[kind];
  if (scope === 'token') return token;
  // Where everything is befallen, a cycle comes no further than its first token.
  if (scope === 'all' && token !== null && token.code !== null) return token;
  return listing;
}

function statusOf({ code }: Fate, scope: Scope): Row['status'] {
  if (code === null) return 'succeeded';
  return scope === 'one' ? 'partial' : 'failed';
}

/** The faults that make a row, for ever. */
export function faultsOf({ kind, scope }: Pick<Row, 'kind' | 'scope'>): Fault[] {
  switch (scope) {
    case 'all':
      return [{ kind }];
    case 'token':
      return [{ kind, route: 'token' }];
    case 'listings':
      return [
        { kind, route: 'new' },
        { kind, route: 'comments' },
      ];
    case 'one':
      return [{ kind, subreddit: THE_ONE }];
  }
}
