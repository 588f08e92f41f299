import type { Resume } from './query.js';
import { badRequest } from './refusals.js';
import { isObject, type Json, type Value } from './values.js';

/** Where a query goes on: in which range, and after what. */
export interface Continuation {
  range: string;
  resume: Resume;
}

/** Opaque to clients, and safe in a header. A missing value of a key is an empty array. */
export function writeToken({ range, resume }: Continuation): string {
  const { after, left, distinct } = resume;
  const key = after?.key.map((value) => (value === undefined ? [] : [value]));
  const held = { range, key, sequence: after?.sequence, left, distinct };
  return Buffer.from(JSON.stringify(held)).toString('base64url');
}

/** @throws Refusal 400 for what this server did not write. */
export function readToken(token: string | undefined): Continuation | undefined {
  if (token === undefined) return undefined;
  const held = decoded(token);
  if (!isObject(held) || typeof held.range !== 'string' || typeof held.distinct !== 'number') {
    throw invalid();
  }
  const left = typeof held.left === 'number' ? held.left : undefined;
  const after =
    typeof held.sequence === 'number'
      ? { key: keyOf(held.key), sequence: held.sequence }
      : undefined;
  return { range: held.range, resume: { after, left, distinct: held.distinct } };
}

function keyOf(held: Json | undefined): Value[] {
  if (!Array.isArray(held)) throw invalid();
  return held.map((value) => (Array.isArray(value) ? value[0] : undefined));
}

function decoded(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
  } catch {
    throw invalid();
  }
}

const invalid = () => badRequest('The continuation token is invalid.');
