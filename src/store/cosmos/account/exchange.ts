import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import {
  createDefaultHttpClient,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { AppError } from '../../../errors.js';
import { type Failed, toldOf } from './failed.js';

/**
 * One attempt of one call, as the wire saw it. The SDK loses much of it on its way up (a batch that
 * fails has a message and nothing else, an empty answer becomes a TypeError), so the transport
 * writes it down here.
 */
export interface Attempt {
  /** Ends every request of the attempt. */
  stop: AbortController;
  /** Answers that came, those that refuse included. */
  answers: number;
  /** Request units that they cost. */
  units: number;
  /** The last request that failed. */
  failed: Failed | null;
  /** Whether the account did not take the query as it stood, so that the SDK needs its plan. */
  plan: Gate;
}

export interface Gate {
  /** Null while it is neither. */
  state: 'open' | 'shut' | null;
  /** True once it is open, false once it is shut. */
  passed: Promise<boolean>;
  decide(state: 'open' | 'shut'): void;
}

export interface Transport {
  client: HttpClient;
  /** Runs what speaks to the SDK, so that all of its requests are the attempt's. */
  run<T>(attempt: Attempt, speak: () => Promise<T>): Promise<T>;
  /** Ends all connections. */
  close(): void;
}

/** An answer of the account has at most 4 MB; an endless body must not fill the heap. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Bodies come as streams, whatever the status. */
const EVERY_STATUS = new Set([Number.POSITIVE_INFINITY]);
/** Well below the minutes after which load balancers forget a connection without a word. */
const IDLE_MS = 45_000;

/**
 * The SDK's own HTTP client, with connections of our own (bounded in number, ended with the
 * account), and with each answer looked at before the SDK does.
 *
 * @throws AppError `store_unusable`: the file with certificates cannot be read.
 */
export function createTransport(options: { maxSockets: number; caFile?: string }): Transport {
  const { maxSockets, caFile } = options;
  const pooled = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets, timeout: IDLE_MS };
  const plain = new HttpAgent(pooled);
  const secure = new HttpsAgent({
    ...{ ...pooled, minVersion: 'TLSv1.2' },
    ...(caFile === undefined ? {} : { ca: [...rootCertificates, readCertificates(caFile)] }),
  });
  const inner = createDefaultHttpClient();
  const current = new AsyncLocalStorage<Attempt>();

  async function sendRequest(request: PipelineRequest): Promise<PipelineResponse> {
    const attempt = current.getStore();
    if (attempt === undefined) throw new Error('a request that belongs to no call');
    // The SDK asks for the plan of every query beside the query, and hardly ever needs it.
    const isPlan = request.headers.has('x-ms-cosmos-is-query-plan-request');
    if (isPlan && !(await attempt.plan.passed)) throw new Error('no plan needed');
    const insecure = request.url.startsWith('http:');
    request.agent = insecure ? plain : secure;
    request.allowInsecureConnection = insecure;
    request.abortSignal = attempt.stop.signal;
    request.streamResponseStatusCodes = EVERY_STATUS;
    const response = await send(request, attempt);
    note(response, attempt);
    if (response.status === 400 && request.headers.has('x-ms-documentdb-isquery')) {
      attempt.failed = null; // either the plan helps, or the SDK throws the refusal on
      attempt.plan.decide('open');
    }
    return response;
  }

  async function send(request: PipelineRequest, attempt: Attempt): Promise<PipelineResponse> {
    try {
      const { readableStreamBody, ...answer } = await inner.sendRequest(request);
      return { ...answer, bodyAsText: await textOf(readableStreamBody ?? []) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      attempt.failed = { kind: 'broken', code: code ?? message, message };
      // Whatever ended this connection may have ended those that lie idle, and they do not show it.
      endIdle(request.url.startsWith('http:') ? plain : secure);
      // Without the code, which the SDK would answer with retries of its own, a second apart.
      throw new Error(`no answer: ${message}`);
    }
  }

  return {
    client: { sendRequest },
    run: (attempt, speak) => current.run(attempt, speak),
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

function endIdle(agent: HttpAgent): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) socket.destroy();
  }
}

/** The client's own reading has no bound, and its report of progress loses a connection's end. */
async function textOf(body: AsyncIterable<Buffer | string> | Iterable<never>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const data = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    bytes += data.byteLength;
    if (bytes > MAX_BODY_BYTES) throw new Error(`an answer of over ${MAX_BODY_BYTES} bytes`);
    chunks.push(data);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes down what it cost and whether it refuses, and lets through what the SDK understands. */
function note(response: PipelineResponse, attempt: Attempt): void {
  attempt.answers += 1;
  attempt.units += Number(response.headers.get('x-ms-request-charge') ?? 0) || 0;
  const failed = toldOf(response);
  if (failed === null) return;
  attempt.failed = failed.told;
  if (!failed.forSdk) throw new Error(`an answer of status ${response.status} that is none`);
}

export function newAttempt(): Attempt {
  let resolve: (passed: boolean) => void = () => undefined;
  const plan: Gate = {
    state: null,
    passed: new Promise((settle) => {
      resolve = settle;
    }),
    decide(state) {
      if (plan.state !== null) return;
      plan.state = state;
      resolve(state === 'open');
    },
  };
  return { stop: new AbortController(), answers: 0, units: 0, failed: null, plan };
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new AppError('store_unusable', `COSMOS_CA_FILE ${path} cannot be read (${code})`, {
      ...{ cause: error, cure: 'correct COSMOS_CA_FILE, or make the file readable for this user' },
      details: { why: `COSMOS_CA_FILE cannot be read, ${code}` },
    });
  }
}
