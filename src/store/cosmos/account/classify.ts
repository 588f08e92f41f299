import { AppError, type ErrorCode } from '../../../errors.js';
import { type Failed, firstLine } from './failed.js';

/** What a failure of one attempt means. */
export interface Verdict {
  error: AppError;
  /** `soon`: the account asks for patience; `at once`: the connection was at fault, if at all. */
  again: 'soon' | 'at once' | 'no';
  /** The pause that the account asks for. */
  retryAfterMs: number | null;
  /** Whether it shows that the account is there, whatever it thinks of us. */
  alive: boolean;
  /** Whether it knows less than this client has written and seen; what waiting does not cure, forgetting does. */
  behind: boolean;
}

/** What a message may say of the place: never the key. */
export interface Place {
  endpoint: string;
  database: string;
}

interface Meaning {
  code: ErrorCode;
  /** Follows the account's name; also shown by `/health`. */
  what: string;
  cure: string;
  again?: Verdict['again'];
  alive?: boolean;
  behind?: boolean;
}

const SETUP = 'run npm run cosmos:setup, which makes what is missing';
const SPEND = 'raise its throughput (RU/s), or let collection run less often';
export const WAIT = 'see to the account and to the network; services try it again by themselves';
const ENDPOINT =
  'see that COSMOS_ENDPOINT names the account, and that no proxy answers in its place';
const KEY = 'correct COSMOS_KEY or the file that COSMOS_KEY_FILE names';

/** Node's codes for a certificate that is not trusted; no waiting cures them. */
const NOT_TRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_\w+|INVALID_CA)$/;
/** A connection that was kept and that the other side had given up. */
const GONE = /^(ECONNRESET|EPIPE|ECONNABORTED)$/;

/**
 * The one place that knows what failures of the account mean to us: Azure's answers, Node's errors,
 * and the SDK's, which has no codes for many of them.
 *
 * @param thrown what came out of the SDK
 * @param failed the request that failed last in this attempt
 */
export function classify(thrown: unknown, failed: Failed | null, place: Place): Verdict {
  const told = failed ?? refusalOf(thrown);
  if (told !== null) return verdict(meaningOf(told, place), told, place, thrown);
  const { name, message } = thrown as Error;
  if (thrown instanceof SyntaxError || thrown instanceof TypeError) {
    // The SDK could not read an answer of status 200.
    const strange: Failed = {
      kind: 'strange',
      status: 200,
      what: 'an answer it cannot have meant',
    };
    return verdict(meaningOf(strange, place), strange, place, thrown);
  }
  const why = firstLine(message);
  const error = new AppError('internal', `The Cosmos client failed: ${why}`, {
    cause: new Error(`${name}: ${why}`),
  });
  return { error, again: 'no', retryAfterMs: null, alive: false, behind: false };
}

/** Of the SDK's own error, when no request of the attempt was seen to fail. */
function refusalOf(thrown: unknown): Failed | null {
  const { code, substatus, retryAfterInMs, message } = thrown as {
    [name in 'code' | 'substatus' | 'retryAfterInMs']?: unknown;
  } & Error;
  if (typeof code !== 'number') return null;
  return {
    ...{ kind: 'refused', status: code, said: firstLine(message) },
    substatus: typeof substatus === 'number' ? substatus : 0,
    retryAfterMs: typeof retryAfterInMs === 'number' ? retryAfterInMs : null,
  };
}

function verdict(meaning: Meaning, failed: Failed, place: Place, thrown: unknown): Verdict {
  const { code, what, cure, again = 'no', alive = false, behind = false } = meaning;
  const said = failed.kind === 'refused' && failed.said !== '' ? `: ${failed.said}` : '';
  // The SDK's errors carry the request with its authorization: only their words go on.
  const cause = new Error(firstLine((thrown as Error).message));
  return {
    ...{ again, alive, behind },
    retryAfterMs: failed.kind === 'refused' ? failed.retryAfterMs : null,
    error: new AppError(code, `The Cosmos account ${place.endpoint} ${what}${said}`, {
      ...{ cause, cure, details: { why: what } },
    }),
  };
}

function meaningOf(failed: Failed, place: Place): Meaning {
  if (failed.kind === 'refused') return meaningOfStatus(failed, place);
  if (failed.kind === 'strange') {
    const what = `gives ${failed.what}`;
    return { code: 'store_unreachable', what, cure: ENDPOINT };
  }
  const { code } = failed;
  if (NOT_TRUSTED.test(code)) {
    const cure = 'name its certificate, or the authority that signed it, in COSMOS_CA_FILE';
    return { code: 'store_unusable', what: `has a certificate that is not trusted, ${code}`, cure };
  }
  if (GONE.test(code)) {
    const what = `ended the connection, ${code}`;
    return { code: 'store_unreachable', what, cure: WAIT, again: 'at once' };
  }
  return { code: 'store_unreachable', what: `cannot be reached, ${code}`, cure: WAIT };
}

/** https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb */
function meaningOfStatus(
  { status, substatus, said }: Extract<Failed, { kind: 'refused' }>,
  place: Place,
): Meaning {
  const number = substatus === 0 ? `${status}` : `${status}/${substatus}`;
  const busy = (what: string, cure: string): Meaning => ({
    ...{ code: 'store_busy', what: `${what} (${number})`, cure, again: 'soon', alive: true },
  });
  const unusable = (what: string, cure: string): Meaning => ({
    ...{ code: 'store_unusable', what: `${what} (${number})`, cure, alive: true },
  });
  if (status === 429) return busy('is asked for more than its throughput', SPEND);
  if (status === 449) return busy('has another write of the same document under way', WAIT);
  if (status === 410) return busy('is moving the partition', WAIT);
  // The condition of an operation is answered within a batch's 207; reads set none.
  if (status === 412) return busy('finds a condition not met that was not set', WAIT);
  if (status === 404 && substatus === 1002) {
    return { ...busy('has not caught up with our writes', WAIT), behind: true };
  }
  if (status === 404) {
    return unusable(`has no database ${place.database}, or lacks a container in it`, SETUP);
  }
  if (status === 401) return unusable('refuses the key', KEY);
  if (status === 403) return forbidden(substatus, said, unusable);
  if (status === 400 && /consistency ?level/i.test(said)) {
    const cure = "make Session the account's default consistency, or a stronger one";
    return unusable('has a default consistency below Session', cure);
  }
  if (status === 408) {
    return {
      code: 'store_timeout',
      what: `took too long by its own measure (${number})`,
      cure: WAIT,
    };
  }
  if (status >= 500) {
    return { code: 'store_unreachable', what: `is not available (${number})`, cure: WAIT };
  }
  return {
    ...{ code: 'internal', what: `refuses the request (${number})`, alive: true },
    cure: 'report this: it is a fault of the program',
  };
}

function forbidden(
  substatus: number,
  said: string,
  unusable: (what: string, cure: string) => Meaning,
): Meaning {
  if (substatus === 3) {
    // The region that we speak to is not the one that takes writes: a failover is under way.
    return { code: 'store_unreachable', what: 'takes no writes (403/3)', cure: WAIT, alive: true };
  }
  if (substatus === 1014) {
    const cure = 'shorten DATA_RETENTION_DAYS: what is older goes with the next job prune';
    return unusable('has a partition that is full, at 20 GB', cure);
  }
  if (/not valid at the current time/i.test(said)) {
    return unusable('finds our clock wrong', "set this machine's clock; the key may be right");
  }
  if (/firewall|originated from|public internet|virtual network/i.test(said)) {
    const cure = "let this machine's address in: the account's Networking page lists who may";
    return unusable('lets nobody in from here', cure);
  }
  return unusable('refuses the key', `${KEY}; it has to allow writing`);
}
