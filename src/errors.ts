/**
 * Every failure the system knows by name. `http` is the status an API answer
 * gets, `exit` the process's exit code when it ends a start, `transient` says
 * whether trying again later can succeed without anybody acting.
 *
 * 78 (EX_CONFIG) and 69 (EX_UNAVAILABLE) are from BSD's sysexits.h.
 */
const TABLE = {
  config_invalid: { http: 500, exit: 78, transient: false, title: 'Invalid configuration' },
  port_in_use: { http: 500, exit: 78, transient: false, title: 'Port in use' },
  already_running: { http: 500, exit: 78, transient: false, title: 'Already running' },
  store_unusable: { http: 503, exit: 78, transient: false, title: 'Store unusable' },
  store_unreachable: { http: 503, exit: 69, transient: true, title: 'Store unreachable' },
  store_timeout: { http: 503, exit: 69, transient: true, title: 'Store too slow' },
  store_busy: { http: 503, exit: 69, transient: true, title: 'Store busy' },
  lease_lost: { http: 500, exit: 1, transient: false, title: 'Lease lost' },
  reddit_unauthorized: { http: 502, exit: 1, transient: false, title: 'Reddit refuses us' },
  reddit_forbidden: { http: 502, exit: 1, transient: false, title: 'Reddit forbids this' },
  reddit_not_found: { http: 502, exit: 1, transient: false, title: 'Not on Reddit' },
  reddit_rejected: { http: 502, exit: 1, transient: false, title: 'Reddit rejects the request' },
  reddit_rate_limited: { http: 502, exit: 1, transient: true, title: 'Reddit rate limit' },
  reddit_unavailable: { http: 502, exit: 1, transient: true, title: 'Reddit unavailable' },
  reddit_timeout: { http: 502, exit: 1, transient: true, title: 'Reddit too slow' },
  reddit_connection: { http: 502, exit: 1, transient: true, title: 'Connection to Reddit failed' },
  reddit_bad_answer: { http: 502, exit: 1, transient: true, title: 'Unusable answer by Reddit' },
  deadline_exceeded: { http: 503, exit: 1, transient: true, title: 'Deadline exceeded' },
  cancelled: { http: 503, exit: 1, transient: false, title: 'Cancelled' },
  invalid_request: { http: 400, exit: 64, transient: false, title: 'Invalid request' },
  unauthorized: { http: 401, exit: 1, transient: false, title: 'Unauthorized' },
  admin_disabled: { http: 403, exit: 1, transient: false, title: 'Admin routes are disabled' },
  not_found: { http: 404, exit: 1, transient: false, title: 'Not found' },
  unknown_subreddit: { http: 404, exit: 1, transient: false, title: 'Unknown subreddit' },
  method_not_allowed: { http: 405, exit: 1, transient: false, title: 'Method not allowed' },
  collection_running: { http: 409, exit: 1, transient: true, title: 'Collection is running' },
  collection_off: { http: 409, exit: 1, transient: false, title: 'Collection is off' },
  collection_paused: { http: 409, exit: 75, transient: false, title: 'Collection is paused' },
  backup_failed: { http: 500, exit: 1, transient: false, title: 'Backup failed' },
  request_timeout: { http: 408, exit: 1, transient: true, title: 'Request timeout' },
  payload_too_large: { http: 413, exit: 1, transient: false, title: 'Payload too large' },
  uri_too_long: { http: 414, exit: 1, transient: false, title: 'URI too long' },
  unsupported_media_type: { http: 415, exit: 1, transient: false, title: 'Unsupported media type' },
  rate_limited: { http: 429, exit: 1, transient: true, title: 'Too many requests' },
  headers_too_large: { http: 431, exit: 1, transient: false, title: 'Headers too large' },
  jobs_unavailable: { http: 503, exit: 1, transient: true, title: 'Job runner unavailable' },
  supervisor_unreachable: { http: 503, exit: 69, transient: true, title: 'PM2 unreachable' },
  overloaded: { http: 503, exit: 1, transient: true, title: 'Overloaded' },
  shutting_down: { http: 503, exit: 1, transient: true, title: 'Shutting down' },
  internal: { http: 500, exit: 1, transient: false, title: 'Internal error' },
} as const;

export type ErrorCode = keyof typeof TABLE;
export const ERROR_CODES = Object.keys(TABLE) as ErrorCode[];

export interface AppErrorOptions {
  cause?: unknown;
  /** What the reader can do about it; printed after the message at start-up. */
  cure?: string;
  /** Further fields of a problem document or a log line. */
  details?: Record<string, unknown>;
}

/** The only error class that seams throw. `message` is for people and holds no secret. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly cure: string | undefined;
  readonly details: Record<string, unknown>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.cure = options.cure;
    this.details = options.details ?? {};
  }

  get httpStatus(): number {
    return TABLE[this.code].http;
  }

  get exitCode(): number {
    return TABLE[this.code].exit;
  }

  get transient(): boolean {
    return TABLE[this.code].transient;
  }

  get title(): string {
    return TABLE[this.code].title;
  }
}

export function isTransient(error: unknown): boolean {
  return error instanceof AppError && error.transient;
}

/** What a failure of the store says of it without naming its place; null when it does not say. */
export function whyOf({ details: { why } }: AppError): string | null {
  return typeof why === 'string' ? why : null;
}

/** The known error itself; anything else becomes `internal` with a plain message. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('internal', 'An unexpected error occurred', { cause: error });
}
