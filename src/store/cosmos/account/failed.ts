import type { PipelineResponse } from '@azure/core-rest-pipeline';

/** How a request failed, before anybody judges it (classify.ts). */
export type Failed =
  /** The account answers that it will not. */
  | {
      kind: 'refused';
      status: number;
      substatus: number;
      /** How long it asks us to wait. */
      retryAfterMs: number | null;
      /** The first line of its own words. */
      said: string;
    }
  /** Something answers that is no account of Cosmos DB: a proxy, another server. */
  | { kind: 'strange'; status: number; what: string }
  /** No complete answer came. `code` is Node's, such as ECONNREFUSED. */
  | { kind: 'broken'; code: string; message: string };

/** Statuses whose meaning does not depend on who says it: a load balancer in front says the same. */
const ANYBODYS = new Set([408, 410, 413, 429, 449]);

/**
 * What is wrong with an answer; null: nothing. `forSdk` says whether the SDK can be shown it: an
 * error without a body, or with a page of HTML, would become a TypeError or a SyntaxError there.
 */
export function toldOf(response: PipelineResponse): { told: Failed; forSdk: boolean } | null {
  const { status, headers, bodyAsText } = response;
  const text = bodyAsText ?? '';
  if (status < 300 || status === 304) {
    const fine = status === 204 || status === 304 || /^\s*[{[]/.test(text);
    if (fine) return null;
    const what = text === '' ? 'an empty answer' : 'an answer that is no JSON';
    return { told: { kind: 'strange', status, what }, forSdk: false };
  }
  const message = messageOf(text);
  const forSdk = message !== null && status >= 400;
  if (!forSdk && status < 500 && !ANYBODYS.has(status)) {
    return { told: { kind: 'strange', status, what: `status ${status} without cause` }, forSdk };
  }
  const number = (name: string) => {
    const value = headers.get(name);
    return value === undefined || !Number.isFinite(Number(value)) ? null : Number(value);
  };
  const told: Failed = {
    ...{ kind: 'refused', status, substatus: number('x-ms-substatus') ?? 0 },
    ...{ retryAfterMs: number('x-ms-retry-after-ms'), said: firstLine(message ?? '') },
  };
  return { told, forSdk };
}

/** Of an error's body; null: it is not what Azure sends. */
function messageOf(text: string): string | null {
  try {
    const body = JSON.parse(text) as { message?: unknown } | null;
    return typeof body?.message === 'string' ? body.message : null;
  } catch {
    return null;
  }
}

const MAX_SAID = 200;

/** What a message says, without the identifiers that follow, nor more of a document than fits. */
export function firstLine(message: string): string {
  const [first = ''] = message.split(/\r?\n/, 1);
  const [, line = first] = /^Message: \{"Errors":\["(.*?)"[\],]/.exec(first) ?? [];
  return line.length > MAX_SAID ? `${line.slice(0, MAX_SAID)}…` : line;
}
