import { type Container, readTtl } from './container.js';
import type { Stored } from './partition.js';
import { badRequest, tooLarge } from './refusals.js';
import { bytesOfRid, ridOf } from './stamps.js';
import { isObject, type Json, type JsonObject } from './values.js';

/** The service's limit for an item and for a request, in bytes. */
export const MAX_BYTES = 2 * 1024 * 1024;
const MAX_ID_BYTES = 255;
const SYSTEM = ['_rid', '_self', '_etag', '_attachments', '_ts'];

/** @throws Refusal 400 unless it may name an item, a container or a database. */
export function readId(id: Json | undefined): string {
  if (id === undefined || id === null || id === '') {
    throw badRequest(
      "The input content is invalid because the required properties - 'id; ' - are missing",
    );
  }
  if (typeof id !== 'string') {
    throw badRequest("The input content is invalid because the property 'id' is not a string.");
  }
  if (/[/\\?#]/.test(id)) {
    throw badRequest("The input id contains one of the characters '/', '\\', '?' and '#'.");
  }
  if (Buffer.byteLength(id) > MAX_ID_BYTES) {
    throw badRequest(`The input id is longer than ${MAX_ID_BYTES} bytes.`);
  }
  if (id.endsWith(' ')) throw badRequest('The input id ends with a space.');
  return id;
}

/** @throws Refusal 400 unless the body is an object. */
export function readBody(body: unknown): JsonObject {
  if (isObject(body)) return body;
  throw badRequest('The request payload is invalid. Ensure to provide a valid request payload.');
}

export interface Stamp {
  etag: string;
  sequence: number;
  /** Seconds since the epoch. */
  seconds: number;
}

/**
 * An item as it is kept. What the writer says of the system's properties does not count.
 *
 * @throws Refusal 400 for a `ttl` out of range, 413 above 2 MB.
 */
export function storedOf(
  container: Container,
  id: string,
  body: JsonObject,
  { etag, sequence, seconds }: Stamp,
): Stored {
  const ttl = readTtl(body.ttl, 'ttl');
  const own: JsonObject = { ...body };
  for (const name of SYSTEM) delete own[name];
  const text = JSON.stringify(own);
  const size = Buffer.byteLength(text);
  if (size > MAX_BYTES) throw tooLarge();
  const rid = itemRid(container.rid, sequence);
  const system = JSON.stringify({
    _rid: rid,
    _self: `dbs/${container.databaseRid}/colls/${container.rid}/docs/${rid}/`,
    _etag: etag,
    _attachments: 'attachments/',
    _ts: seconds,
  });
  return {
    ...{ id, etag, sequence, size, seconds, ttl },
    body: container.keep(`${text.slice(0, -1)},${system.slice(1)}`, size + system.length - 1),
    terms: container.indexing.terms(own) + 1, // and _ts
  };
}

/**
 * Whether its time to live has passed since it was last written. An item's own counts only where
 * the container has one, -1 at least.
 */
export function isGone(stored: Stored, defaultTtl: number | undefined, nowMs: number): boolean {
  if (defaultTtl === undefined) return false;
  const ttl = stored.ttl ?? defaultTtl;
  return ttl !== -1 && (stored.seconds + ttl) * 1000 <= nowMs;
}

function itemRid(containerRid: string, sequence: number): string {
  const bytes = Buffer.alloc(16);
  bytesOfRid(containerRid).copy(bytes);
  bytes.writeBigUInt64BE(BigInt(sequence), 8);
  return ridOf(bytes);
}
