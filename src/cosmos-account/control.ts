import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError, toAppError } from '../errors.js';
import type { Fault, Faults } from './faults.js';
import type { HoldRequest, Holds } from './holds.js';
import type { Journal } from './journal.js';

const PREFIX = '/_control';
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_WAIT_MS = 60_000;

export function isControl(url: string): boolean {
  return url === PREFIX || url.startsWith(`${PREFIX}/`);
}

export interface ControlDeps {
  faults: Faults;
  journal: Journal;
  holds: Holds;
}

const ROUTES = [
  ...['POST /_control/faults', 'GET /_control/faults', 'DELETE /_control/faults'],
  ...['GET /_control/requests', 'DELETE /_control/requests'],
  ...['POST /_control/holds', 'GET /_control/holds/ID?wait_ms=N'],
  ...['DELETE /_control/holds/ID', 'DELETE /_control/holds'],
];

/**
 * Routes of the stand-in's own, beside the service's and without a signature: faults, what was
 * asked and what it cost, and stops of requests.
 */
export async function answerControl(
  deps: ControlDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const reply = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    reply(200, await carriedOut(deps, request));
  } catch (error) {
    const known = toAppError(error);
    reply(known.httpStatus, { error: known.httpStatus, message: known.message });
    if (!(error instanceof AppError)) throw error;
  }
}

async function carriedOut(deps: ControlDeps, request: IncomingMessage): Promise<unknown> {
  const { faults, journal, holds } = deps;
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, , what = '', id] = url.pathname.split('/');
  const route = `${request.method ?? 'GET'} ${what}${id === undefined ? '' : '/ID'}`;
  const all = () => ({ faults: faults.list() });
  switch (route) {
    case 'POST faults':
      faults.add((await jsonOf(request)) as Fault | Fault[]); // which checks it
      return all();
    case 'GET faults':
      return all();
    case 'DELETE faults':
      faults.heal();
      return all();
    case 'GET requests':
      return journal.totals();
    case 'DELETE requests':
      journal.reset();
      return journal.totals();
    case 'POST holds':
      return { id: holds.add((await jsonOf(request)) as HoldRequest) };
    case 'GET holds/ID': {
      const waitMs = Math.min(Number(url.searchParams.get('wait_ms') ?? '0') || 0, MAX_WAIT_MS);
      return { held: await holds.arrived(Number(id), waitMs) };
    }
    case 'DELETE holds/ID':
      holds.release(Number(id));
      return {};
    case 'DELETE holds':
      holds.releaseAll();
      return {};
    default:
      throw new AppError('not_found', `the control routes are ${ROUTES.join(', ')}`);
  }
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new AppError('payload_too_large', 'the body is too large');
    chunks.push(chunk as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new AppError('invalid_request', 'the body is not JSON');
  }
}
