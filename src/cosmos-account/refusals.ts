/** An answer other than success, in the service's form: a status, a code's name and a message. */
export class Refusal extends Error {
  readonly status: number;
  readonly substatus: number | undefined;
  readonly headers: Record<string, string>;
  /** Further fields of the body, as `additionalErrorInfo`. */
  readonly fields: Record<string, unknown>;

  constructor(status: number, message: string, options: RefusalOptions = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.substatus = options.substatus;
    this.headers = options.headers ?? {};
    this.fields = options.fields ?? {};
  }
}

export interface RefusalOptions {
  substatus?: number;
  headers?: Record<string, string>;
  fields?: Record<string, unknown>;
}

const NAMES: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  408: 'RequestTimeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  424: 'FailedDependency',
  429: 'TooManyRequests',
  449: 'RetryWith',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

/** The name that stands in `code` of an error's body. */
export function codeName(status: number): string {
  return NAMES[status] ?? 'Unknown';
}

export const badRequest = (message: string, options?: RefusalOptions) =>
  new Refusal(400, message, options);

/** What this server does not do is refused by name, never answered approximately. */
export const unsupported = (what: string) =>
  new Refusal(400, `${what} is not supported by this stand-in for the service`);

/** Errors of a replica arrive wrapped, unlike those of the gateway. */
const ofReplica = (text: string) => `Message: ${JSON.stringify({ Errors: [text] })}`;

export const notFound = () =>
  new Refusal(
    404,
    ofReplica('Resource Not Found. Learn more: https://aka.ms/cosmosdb-tsg-not-found'),
  );

export const conflict = () =>
  new Refusal(
    409,
    ofReplica(
      'Resource with specified id or name already exists. Learn more: https://aka.ms/cosmosdb-tsg-conflict',
    ),
  );

export const preconditionFailed = () =>
  new Refusal(
    412,
    ofReplica(
      'One of the specified pre-condition is not met. Learn more: https://aka.ms/CosmosDB/sql/errors/precondition-failed',
    ),
  );

export const tooLarge = () => new Refusal(413, ofReplica('Request size is too large'));

export const refusedByReplica = (message: string, options?: RefusalOptions) =>
  new Refusal(400, ofReplica(message), options);

export const sessionNotAvailable = () =>
  new Refusal(
    404,
    'The read session is not available for the input session token. Learn more: https://aka.ms/cosmosdb-tsg-session-token',
    { substatus: 1002 },
  );

export const tooManyRequests = (retryAfterMs: number) =>
  new Refusal(
    429,
    ofReplica(
      'Request rate is large. More Request Units may be needed, so no changes were made. Please retry this request later. Learn more: http://aka.ms/cosmosdb-error-429',
    ),
    { substatus: 3200, headers: { 'x-ms-retry-after-ms': String(retryAfterMs) } },
  );
