import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './refusals.js';

/** How far the date of a request may be from the server's. */
const VALID_MS = 15 * 60 * 1000;

export interface Signed {
  method: string;
  /** `dbs`, `colls`, `docs` …; empty for the account. */
  resourceType: string;
  /** Names, unescaped: `dbs/d/colls/c`; for a feed its parent's. */
  resourceLink: string;
  authorization: string | undefined;
  date: string | undefined;
}

/**
 * Checks a signature by the account's key.
 *
 * @throws Refusal 401 for a missing or wrong signature, 403 for a date too far away.
 */
export function authorize(request: Signed, key: string, nowMs: number): void {
  if (request.authorization === undefined) {
    throw unauthorized(
      'Required Header authorization is missing. Ensure a valid Authorization token is passed.',
    );
  }
  const token = new URLSearchParams(decoded(request.authorization).replaceAll('+', '%2B'));
  if (token.get('type') !== 'master' || token.get('ver') !== '1.0') {
    throw unauthorized(
      "The input authorization token can't serve the request: its type is not master, version 1.0.",
    );
  }
  const date = request.date ?? '';
  const at = Date.parse(date);
  if (Number.isNaN(at)) throw unauthorized('The header x-ms-date is missing or is no HTTP date.');
  const payload = [
    request.method.toLowerCase(),
    request.resourceType.toLowerCase(),
    request.resourceLink,
    date.toLowerCase(),
    '',
    '',
  ].join('\n');
  if (!matches(signature(key, payload), token.get('sig') ?? '')) {
    throw unauthorized(
      `The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol. For more info: https://aka.ms/cosmosdb-tsg-unauthorized. Server used the following payload to sign: '${payload}'`,
    );
  }
  if (Math.abs(nowMs - at) > VALID_MS) {
    const time = (ms: number) => new Date(ms).toUTCString();
    throw new Refusal(
      403,
      `The authorization token is not valid at the current time. Please create another token and retry (token start time: ${time(at)}, token expiry time: ${time(at + VALID_MS)}, current server time: ${time(nowMs)}).`,
    );
  }
}

function signature(key: string, payload: string): string {
  return createHmac('sha256', Buffer.from(key, 'base64')).update(payload, 'utf8').digest('base64');
}

function matches(right: string, given: string): boolean {
  const [a, b] = [Buffer.from(right), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A header that is not escaped as it should be is compared as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const unauthorized = (message: string) => new Refusal(401, message);
