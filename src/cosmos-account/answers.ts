import type { IncomingHttpHeaders } from 'node:http';
import type { Target } from './target.js';

export interface ServiceRequest {
  target: Target;
  headers: IncomingHttpHeaders;
  /** Of the body, in bytes. */
  size: number;
  /** The body as JSON. @throws Refusal 400 when it is none. */
  body: () => unknown;
}

export interface ServiceAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON; empty: none. */
  body: string | Buffer;
  /** RU. */
  charge: number;
}

export function answer(
  status: number,
  body: unknown,
  charge: number,
  headers: Record<string, string> = {},
): ServiceAnswer {
  return { status, headers, body: body === undefined ? '' : JSON.stringify(body), charge };
}
