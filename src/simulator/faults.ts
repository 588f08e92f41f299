import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../errors.js';

/** Every kind of fault, with what a client sees of it. */
export const FAULT_KINDS = {
  unauthorized: '401 as Reddit sends it for a token or a secret it does not accept',
  forbidden: '403 without a reason',
  private: '403 with the reason "private"',
  gated: '403 with the reason "gated"',
  quarantined: '403 with the reason "quarantined"',
  banned: '404 with the reason "banned"',
  not_found: '404 without a reason',
  rate_limited: '429 without X-Ratelimit headers; Retry-After only with retry_after',
  server_error: '500 with a body of JSON',
  bad_gateway: '502, in turn with a page of HTML and without body',
  unavailable: '503, in turn with a page of HTML and without body',
  gateway_timeout: '504, in turn with a page of HTML and without body',
  html: '200 with a page of HTML',
  error_inside: '200 with {"message": "Internal Server Error", "error": 500}',
  errors_inside: '200 with {"json": {"errors": [["RATELIMIT", …, "ratelimit"]]}}',
  empty: '200 without body',
  truncated: 'the right answer, cut in the middle of its JSON',
  endless: 'a body that never ends, as fast as it is taken',
  reset: 'the connection is reset before anything is answered',
  reset_midway: 'headers and half of the right body, then the connection is reset',
  drip: 'a byte now and then, for ever',
  silent: 'never an answer',
  token_expired: 'the token is revoked, so the ordinary 401 follows',
  wrong_types: 'some objects of the answer have a field of another type',
  missing_fields: 'some objects of the answer lack a field',
  hostile_text: 'some objects of the answer have NUL and lone surrogates in a text',
  megabytes: 'one object of the answer has a text of 2 MB',
} as const;
export type FaultKind = keyof typeof FAULT_KINDS;
const KINDS = Object.keys(FAULT_KINDS) as FaultKind[];

export const FAULT_ROUTES = ['token', 'new', 'comments', 'thread', 'info', 'about'] as const;
export type FaultRoute = (typeof FAULT_ROUTES)[number];

const FaultSchema = Type.Object(
  {
    kind: Type.Enum(KINDS),
    /** Absent: every route. */
    route: Type.Optional(Type.Enum([...FAULT_ROUTES])),
    /** Only requests whose path names it; case does not matter. */
    subreddit: Type.Optional(Type.String({ pattern: '^\\w{1,50}$' })),
    /** How many requests it hits before it is used up; absent: for ever. */
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    /** Seconds, in the header Retry-After of `rate_limited`. */
    retry_after: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000 })),
  },
  { additionalProperties: false },
);
export type Fault = Static<typeof FaultSchema>;

export type ListedFault = Fault & { hits: number };

/** What a request asks for, as far as faults tell requests apart. */
export interface Target {
  route: FaultRoute;
  /** Null when its path names none. */
  subreddit: string | null;
}

/** One request that a fault befalls: which fault, and how many it befell before. */
export interface Hit {
  fault: Fault;
  nth: number;
}

export interface Faults {
  /** Adds all or none. @throws AppError `invalid_request` that says what would be right. */
  add(given: Fault | readonly Fault[]): void;
  /** Heals everything and ends the connections that faults hold. */
  clear(): void;
  /** In the order they were added, used-up ones too. */
  list(): ListedFault[];
  /** The first added fault that this request meets and that is not used up. */
  match(target: Target): ListedFault | null;
  /** Counts a request against a fault that `match` gave. */
  hit(fault: ListedFault): Hit;
  /** Keeps `end` until it is released by calling what this returns, or `clear` calls it. */
  hold(end: () => void): () => void;
  /** How many connections are held now. */
  held(): number;
}

/** A mistake in a loop must not fill the memory. */
const MAX_FAULTS = 1000;

export function createFaults(initial: readonly Fault[] = []): Faults {
  const held = new Set<() => void>();
  let faults: ListedFault[] = [];
  const add: Faults['add'] = (given) => {
    const list: readonly unknown[] = Array.isArray(given) ? given : [given];
    const added = list.map((one, at) =>
      checkFault(one, Array.isArray(given) ? `faults[${at}]: ` : ''),
    );
    if (faults.length + added.length > MAX_FAULTS) {
      throw wrong(`there would be more than ${MAX_FAULTS} faults; remove the old ones first`);
    }
    faults = [...faults, ...added.map((fault) => ({ ...fault, hits: 0 }))];
  };
  add(initial);
  return {
    add,
    clear: () => {
      faults = [];
      for (const end of [...held]) end();
    },
    list: () => faults.map((fault) => ({ ...fault })),
    match: (target) => faults.find((fault) => meets(fault, target)) ?? null,
    hit: (fault) => {
      fault.hits += 1;
      return { fault, nth: fault.hits - 1 };
    },
    hold: (end) => {
      held.add(end);
      return () => void held.delete(end);
    },
    held: () => held.size,
  };
}

function meets(fault: ListedFault, { route, subreddit }: Target): boolean {
  if (fault.count !== undefined && fault.hits >= fault.count) return false;
  // Whoever asks for a token presents none that could be revoked.
  if (fault.kind === 'token_expired' && route === 'token') return false;
  if (fault.route !== undefined && fault.route !== route) return false;
  return (
    fault.subreddit === undefined || fault.subreddit.toLowerCase() === subreddit?.toLowerCase()
  );
}

const ACCEPTED: Record<keyof Fault, string> = {
  kind: `it is one of ${KINDS.join(', ')}`,
  route: `it is one of ${FAULT_ROUTES.join(', ')}; without it every route is meant`,
  subreddit: 'it is the name of a subreddit without "r/"',
  count: 'it is a whole number from 1; without it the fault stays',
  retry_after: 'it is whole seconds from 0 to 31536000',
};

/** @throws AppError `invalid_request` that names the field and what it takes. */
function checkFault(given: unknown, place: string): Fault {
  if (!isObject(given)) {
    throw wrong(`${place}${shown(given)} is not a fault: it is an object with "kind" in it`);
  }
  const fields = Object.keys(FaultSchema.properties);
  const unknown = Object.keys(given).find((key) => !fields.includes(key));
  if (unknown !== undefined) {
    throw wrong(
      `${place}a fault has no field ${shown(unknown)}: its fields are ${fields.join(', ')}`,
    );
  }
  if (given.kind === undefined) throw wrong(`${place}kind is missing: ${ACCEPTED.kind}`);
  if (!Value.Check(FaultSchema, given)) {
    const field = Value.Errors(FaultSchema, given)[0]?.instancePath.split('/')[1] as keyof Fault;
    throw wrong(`${place}${field} ${shown(given[field])} is not accepted: ${ACCEPTED[field]}`);
  }
  const why = neverHappens(given);
  if (why !== null) throw wrong(`${place}${why}`);
  return { ...given };
}

/** A fault that can hit nothing would let a test pass for the wrong reason. */
function neverHappens({ kind, route, subreddit, retry_after }: Fault): string | null {
  if (kind === 'token_expired' && route === 'token') {
    return 'token_expired needs a route that takes a token: new, comments, thread, info or about';
  }
  if (subreddit !== undefined && (route === 'token' || route === 'info')) {
    return `no request for ${route} names a subreddit: new, comments, about and thread do`;
  }
  if (retry_after !== undefined && kind !== 'rate_limited') {
    return `retry_after goes with rate_limited, not with ${kind}`;
  }
  return null;
}

/**
 * `KIND[,route=R][,subreddit=S][,count=N][,retry_after=SECONDS]`, as the command line gives it.
 *
 * @throws AppError `invalid_request` that names what is wrong and what would be right.
 */
export function parseFault(text: string): Fault {
  const [kind = '', ...settings] = text.split(',');
  const given = new Map<string, unknown>([['kind', kind]]);
  for (const setting of settings) {
    const [, key, value] = /^([^=]*)=(.*)$/.exec(setting) ?? [];
    if (key === undefined || value === undefined) {
      throw wrong(
        `${shown(setting)} in --fault is not NAME=VALUE: as in ${kind},route=new,count=3`,
      );
    }
    if (given.has(key)) throw wrong(`${key} is given twice in --fault ${text}`);
    const whole = (key === 'count' || key === 'retry_after') && /^\d{1,15}$/.test(value);
    given.set(key, whole ? Number(value) : value);
  }
  return checkFault(Object.fromEntries(given), '--fault: ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message);
}
