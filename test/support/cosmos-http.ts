import { createHmac } from 'node:crypto';
import type { CosmosAccount } from '../../src/cosmos-account/run.js';

export interface RawAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** The body, where it is JSON. */
  body: Record<string, unknown>;
}

export interface RawRequest {
  method?: string;
  /** Escaped as it is to be sent. */
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  /** Null: the header is left out. */
  authorization?: string | null;
  date?: string;
}

/** A request as the protocol wants it signed, for what the SDK cannot be made to send. */
export async function raw(account: CosmosAccount, request: RawRequest): Promise<RawAnswer> {
  const { method = 'GET', path, date = new Date().toUTCString() } = request;
  const authorization = request.authorization ?? signature(account.key, method, path, date);
  const { body } = request;
  const response = await fetch(`${account.url}${path}`, {
    method,
    headers: {
      'x-ms-date': date,
      'x-ms-version': '2020-07-15',
      ...(request.authorization === null ? {} : { authorization }),
      ...request.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

export function signature(key: string, method: string, path: string, date: string): string {
  const segments = path.split('/').filter(Boolean).map(decodeURIComponent);
  const feed = segments.length % 2 === 1;
  const type = (feed ? segments.at(-1) : segments.at(-2)) ?? '';
  const link = (feed ? segments.slice(0, -1) : segments).join('/');
  const text = `${method.toLowerCase()}\n${type}\n${link}\n${date.toLowerCase()}\n\n`;
  const signed = createHmac('sha256', Buffer.from(key, 'base64')).update(text).digest('base64');
  return encodeURIComponent(`type=master&ver=1.0&sig=${signed}`);
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Headers of a request for items of one partition. */
export const inPartition = (key: unknown, more: Record<string, string> = {}) => ({
  'x-ms-documentdb-partitionkey': JSON.stringify([key]),
  'content-type': 'application/json',
  ...more,
});

export const asQuery = (more: Record<string, string> = {}) => ({
  'x-ms-documentdb-isquery': 'True',
  'content-type': 'application/query+json',
  ...more,
});
