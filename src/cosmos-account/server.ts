import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ServiceAnswer } from './answers.js';
import { answerControl, type ControlDeps, isControl } from './control.js';
import type { Fault, Faults } from './faults.js';
import type { Holds, Phase, RequestEvent } from './holds.js';
import type { Journal } from './journal.js';
import { Refusal, tooLarge, tooManyRequests } from './refusals.js';
import { answerRequest, refusedAnswer, type ServiceOptions } from './service.js';
import { type Target, targetOf } from './target.js';

export interface ServerDeps extends ControlDeps {
  service: ServiceOptions;
  faults: Faults;
  journal: Journal;
  holds: Holds;
  /** Waits in real time, as clients do. */
  sleep: (ms: number) => Promise<void>;
  /** Called at both points of every request. */
  onRequest: OnRequest;
  /** Something that no request should be able to cause. */
  onFailure: (error: unknown) => void;
}

/** The request goes on when it resolves; after it was carried out, `lost` ends the connection instead of an answer. */
export type OnRequest = (event: RequestEvent) => Promise<'lost' | undefined> | undefined;

/** More than any request may have, so that an answer can say that it is too large. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
const IDLE_MS = 120_000;

/** It does not listen by itself. */
export function buildServer(deps: ServerDeps): Server {
  let requests = 0;
  const server = createServer((request, response) => {
    // A client that goes away while it is answered is no failure of the server.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    if (isControl(request.url ?? '')) {
      settle(answerControl(deps, request, response), response, deps);
      return;
    }
    requests += 1;
    settle(serve(deps, request, response, requests), response, deps);
  });
  // Node's 5 s would close connections just when a client takes them up again.
  server.keepAliveTimeout = IDLE_MS;
  return server;
}

function settle(work: Promise<void>, response: ServerResponse, deps: ServerDeps): void {
  work.catch((error: unknown) => {
    deps.onFailure(error);
    response.destroy();
  });
}

async function serve(
  deps: ServerDeps,
  request: IncomingMessage,
  response: ServerResponse,
  n: number,
): Promise<void> {
  const body = await bodyOf(request);
  const { method = 'GET', url = '/', headers } = request;
  const target = readTarget(method, url, headers);
  if (target instanceof Refusal || body === null) {
    send(response, refusedAnswer(target instanceof Refusal ? target : tooLarge(), ''));
    return;
  }
  const { operation, database, container, id } = target;
  const pass = async (phase: Phase, status: number) => {
    const event = { n, phase, operation, database, container, id, status };
    const fate = await deps.onRequest(event);
    await deps.holds.pass(event);
    return fate;
  };
  await pass('before', 0);
  // Whoever is gone by now has not asked: a client that was ended while it was held.
  if (response.destroyed) return;
  const fault = deps.faults.take(target);
  if (fault !== null && (await befall(deps, fault, target, response))) return;
  const made = answerRequest(deps.service, { target, headers, body });
  deps.journal.note(target, fault?.kind === 'lost_reply' ? 0 : made.status, made.charge);
  const fate = await pass('after', made.status);
  if (fault?.kind === 'lost_reply' || fate === 'lost') response.destroy();
  else send(response, made);
}

function readTarget(
  method: string,
  url: string,
  headers: IncomingMessage['headers'],
): Target | Refusal {
  try {
    return targetOf(method, url, headers);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** Null: larger than any request may be. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk as Buffer);
  }
  return bytes > MAX_BODY_BYTES ? null : Buffer.concat(chunks);
}

/** Does what a fault does before a request is carried out; true: that was all. */
async function befall(
  deps: ServerDeps,
  fault: Fault,
  target: Target,
  response: ServerResponse,
): Promise<boolean> {
  const note = (status: number) => deps.journal.note(target, status, 0);
  switch (fault.kind) {
    case 'lost_reply':
      return false;
    case 'slow':
      await deps.sleep(fault.ms ?? 0);
      return response.destroyed;
    case 'silent':
      note(0);
      deps.faults.hold(() => response.destroy());
      return true;
    case 'reset':
      note(0);
      response.destroy();
      return true;
    case 'html':
      note(200);
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!DOCTYPE html><html><body><h1>Service unavailable</h1></body></html>');
      return true;
    case 'empty500':
      note(500);
      response.writeHead(500, { 'content-length': '0' });
      response.end();
      return true;
    case '503':
    case '410':
    case '449':
    case '412':
    case '429': {
      const refusal = refusalOf(fault.kind, fault.ms ?? 1);
      note(refusal.status);
      send(response, refusedAnswer(refusal, `fault-${fault.kind}`));
      return true;
    }
  }
}

function refusalOf(kind: '503' | '410' | '449' | '412' | '429', ms: number): Refusal {
  switch (kind) {
    case '503':
      return new Refusal(503, 'Service is currently unavailable. Please retry.', {
        substatus: 20003,
      });
    case '410':
      return new Refusal(410, 'The partition key range is gone.', { substatus: 1002 });
    case '449':
      return new Refusal(449, 'Conflicting request to resource has been attempted. Retry.');
    case '412':
      return new Refusal(412, 'One of the specified pre-condition is not met.');
    case '429':
      return tooManyRequests(ms);
  }
}

function send(response: ServerResponse, { status, headers, body, charge }: ServiceAnswer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const none = status === 204 || status === 304;
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-ms-request-charge': String(charge),
    ...headers,
    ...(none ? {} : { 'content-length': String(bytes.length) }),
  });
  response.end(none ? undefined : bytes);
}
