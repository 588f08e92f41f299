import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Account, containerOf } from './account.js';
import { answer, type ServiceAnswer, type ServiceRequest } from './answers.js';
import { authorize } from './authorization.js';
import { rounded } from './charges.js';
import { answerItem } from './items.js';
import {
  answerContainer,
  answerDatabase,
  answerOffer,
  answerRanges,
  describeAccount,
} from './metadata.js';
import { answerPlan, answerQuery } from './queries.js';
import { badRequest, codeName, Refusal, unsupported } from './refusals.js';
import { type Target, textOf } from './target.js';
import { REFUSED_RU } from './writes.js';

export interface ServiceOptions {
  account: Account;
  /** Base64. */
  key: string;
  /** Where the server itself listens. */
  endpoint: () => string;
  /** Milliseconds since the epoch, for the dates that clients sign. */
  wallNow: () => number;
}

export interface ServiceInput {
  target: Target;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Answers one request; a refusal is an answer too. */
export function answerRequest(options: ServiceOptions, input: ServiceInput): ServiceAnswer {
  const activity = textOf(input.headers, 'x-ms-activity-id') ?? randomUUID();
  const made = attempt(options, input, activity);
  return {
    ...made,
    headers: {
      'content-type': 'application/json',
      'x-ms-request-charge': String(rounded(made.charge)),
      'x-ms-activity-id': activity,
      'x-ms-serviceversion': 'version=2.14.0.0',
      'x-ms-gatewayversion': 'version=2.14.0',
      ...made.headers,
    },
  };
}

function attempt(options: ServiceOptions, input: ServiceInput, activity: string): ServiceAnswer {
  const { target, headers } = input;
  try {
    const { method, resourceType, resourceLink } = target;
    const { authorization } = headers;
    const date = textOf(headers, 'x-ms-date') ?? headers.date;
    const signed = { method, resourceType, resourceLink, authorization, date };
    authorize(signed, options.key, options.wallNow());
    const body = () => parsedBody(input.body);
    return route(options, { target, headers, size: input.body.length, body });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refusedAnswer(error, activity);
  }
}

/** Codes of the body follow from the status; the message ends with the activity's id. */
export function refusedAnswer(refusal: Refusal, activity: string): ServiceAnswer {
  const { status, substatus, fields } = refusal;
  const message = `${refusal.message}\r\nActivityId: ${activity}`;
  const headers = {
    ...refusal.headers,
    ...(substatus === undefined ? {} : { 'x-ms-substatus': String(substatus) }),
  };
  const charge = status < 404 || status === 429 ? 0 : REFUSED_RU;
  return answer(status, { code: codeName(status), message, ...fields }, charge, headers);
}

function route({ account, endpoint }: ServiceOptions, request: ServiceRequest): ServiceAnswer {
  const { target } = request;
  switch (target.operation) {
    case 'account':
      if (target.method !== 'GET') throw unsupported(`${target.method} of the account`);
      return answer(200, describeAccount(endpoint()), 0);
    case 'database':
      return answerDatabase(account, request);
    case 'container':
      return answerContainer(account, request);
    case 'ranges':
      return answerRanges(
        containerOf(account, target.database ?? '', target.container ?? ''),
        request,
      );
    case 'offer':
      return answerOffer(account, request);
    case 'plan':
      return answerPlan(account, request);
    case 'query':
      return answerQuery(account, request);
    case 'read':
    case 'create':
    case 'upsert':
    case 'replace':
    case 'delete':
    case 'batch':
      return answerItem(account, request);
    case 'other':
      throw unsupported(`${target.method} of /${target.resourceLink}/${target.resourceType}`);
  }
}

function parsedBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw badRequest('The request payload is invalid. Ensure to provide a valid request payload.');
  }
}
