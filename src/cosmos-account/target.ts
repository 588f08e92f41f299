import type { IncomingHttpHeaders } from 'node:http';
import { badRequest } from './refusals.js';

export const OPERATIONS = [
  ...(['account', 'database', 'container', 'ranges', 'offer'] as const),
  ...(['plan', 'query', 'read', 'create', 'upsert', 'replace', 'delete', 'batch'] as const),
  'other',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** What a request is about. */
export interface Target {
  operation: OperationName;
  method: string;
  database: string | undefined;
  container: string | undefined;
  /** Of an item, or of an offer. */
  id: string | undefined;
  /** As the signature names them. */
  resourceType: string;
  resourceLink: string;
}

/** @throws Refusal 400 for a path that is not well escaped. */
export function targetOf(method: string, url: string, headers: IncomingHttpHeaders): Target {
  const segments = segmentsOf(url);
  const [root, database, colls, container, type, id] = segments;
  const isFeed = segments.length % 2 === 1;
  const resourceType = (isFeed ? segments.at(-1) : segments.at(-2)) ?? '';
  const linked = isFeed ? segments.slice(0, -1) : segments;
  const link = linked.join('/');
  const target = { method, database, container, id, resourceType, resourceLink: link };
  const named = (operation: OperationName) => ({ ...target, operation });
  if (segments.length === 0) return named('account');
  if (root === 'offers' && segments.length <= 2) {
    // The name of an offer is signed in small letters.
    const resourceLink = (database ?? '').toLowerCase();
    return { ...named('offer'), database: undefined, id: database, resourceLink };
  }
  if (root !== 'dbs') return named('other');
  if (segments.length <= 2) return named('database');
  if (colls !== 'colls') return named('other');
  if (segments.length <= 4) return named('container');
  if (type === 'pkranges') return named('ranges');
  if (type !== 'docs' || segments.length > 6) return named('other');
  return named(id === undefined ? feedOperation(method, headers) : itemOperation(method));
}

function segmentsOf(url: string): string[] {
  const path = url.split('?')[0] ?? '';
  try {
    return path.split('/').filter(Boolean).map(decodeURIComponent);
  } catch {
    throw badRequest('The request URI is not well escaped.');
  }
}

function feedOperation(method: string, headers: IncomingHttpHeaders): OperationName {
  if (method !== 'POST') return 'other';
  if (isSet(headers, 'x-ms-cosmos-is-query-plan-request')) return 'plan';
  if (isSet(headers, 'x-ms-cosmos-is-batch-request')) return 'batch';
  if (isQuery(headers)) return 'query';
  return isSet(headers, 'x-ms-documentdb-is-upsert') ? 'upsert' : 'create';
}

function itemOperation(method: string): OperationName {
  if (method === 'GET') return 'read';
  if (method === 'PUT') return 'replace';
  return method === 'DELETE' ? 'delete' : 'other';
}

export function isQuery(headers: IncomingHttpHeaders): boolean {
  return (
    isSet(headers, 'x-ms-documentdb-isquery') ||
    headers['content-type']?.startsWith('application/query+json') === true
  );
}

/** Whether a header says true, as clients write it in more than one way. */
export function isSet(headers: IncomingHttpHeaders, name: string): boolean {
  return textOf(headers, name)?.toLowerCase() === 'true';
}

export function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}
