import type { RequestListener } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import type { AppError, ErrorCode } from '../../src/errors.js';
import type { Account } from '../../src/store/cosmos/account.js';
import { accountAt, answer, KEY, refusal, wire } from '../support/cosmos-wire.js';

/** Every call that there is. */
const CALLS: Record<string, (account: Account) => Promise<unknown>> = {
  read: ({ items }) => items.read('a-read', 'claude', '_head'),
  query: ({ items }) =>
    items.query('a-query', { text: 'SELECT * FROM c', parameters: {}, partition: 'claude' }),
  'query of all partitions': ({ items }) =>
    items.query('a-query', { text: 'SELECT * FROM c', parameters: {}, partition: null }),
  batch: ({ items }) =>
    items.batch('a-batch', 'claude', [{ kind: 'upsert', document: { id: '_head' } }]),
};

interface Fault {
  what: string;
  listener: RequestListener;
  code: ErrorCode;
  why: RegExp;
  /** Deadline of an attempt and of the call. Busy accounts are asked again for half of it. */
  ms?: number;
}

const SHORT_MS = 300;
const BUSY_MS = 1000;
const LONG_MS = 5000;

const FAULTS: Fault[] = [
  {
    what: 'silence',
    listener: () => undefined,
    code: 'store_timeout',
    why: /^gives no answer within 300 ms$/,
    ms: SHORT_MS,
  },
  {
    what: 'half an answer, then silence',
    listener: (_, response) => void response.writeHead(200).write('{"Documents":'),
    code: 'store_timeout',
    why: /^gives no answer/,
    ms: SHORT_MS,
  },
  {
    what: 'a connection that is reset',
    listener: (request) => void request.socket.resetAndDestroy(),
    code: 'store_unreachable',
    why: /^ended the connection, ECONNRESET$/,
  },
  {
    what: 'an answer that breaks off',
    listener(_, response) {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"id":', () => response.destroy());
    },
    code: 'store_unreachable',
    why: /^(ended the connection|cannot be reached)/,
  },
  {
    what: 'truncated JSON',
    listener: answer(200, '{"id":"_head","Docum'),
    code: 'store_unreachable',
    why: /^gives an answer (it cannot have meant|that does not fit the batch)$/,
  },
  {
    what: 'a page of HTML',
    listener: answer(200, '<html>Welcome</html>', { 'content-type': 'text/html' }),
    code: 'store_unreachable',
    why: /^gives an answer that is no JSON$/,
  },
  {
    what: 'nothing, with 200',
    listener: answer(200, ''),
    code: 'store_unreachable',
    why: /^gives an empty answer$/,
  },
  {
    what: 'a 404 that is not Azure’s',
    listener: answer(404, '<h1>Not Found</h1>'),
    code: 'store_unreachable',
    why: /^gives status 404 without cause$/,
  },
  {
    what: 'a redirection',
    listener: answer(302, '', { location: 'http://127.0.0.1:9/' }),
    code: 'store_unreachable',
    why: /^gives status 302 without cause$/,
  },
  {
    what: 'an empty 500',
    listener: answer(500, ''),
    code: 'store_unreachable',
    why: /^is not available \(500\)$/,
  },
  {
    what: '503 with HTML',
    listener: answer(503, '<html>Service Unavailable</html>'),
    code: 'store_unreachable',
    why: /^is not available \(503\)$/,
  },
  {
    what: '503',
    listener: refusal(503, 'Service is currently unavailable.'),
    code: 'store_unreachable',
    why: /^is not available \(503\)$/,
  },
  {
    what: '408',
    listener: refusal(408, 'Request timed out.'),
    code: 'store_timeout',
    why: /^took too long by its own measure/,
  },
  {
    what: '429',
    listener: refusal(429, 'Request rate is large.', { 'x-ms-retry-after-ms': '50' }),
    code: 'store_busy',
    why: /^is asked for more than its throughput \(429\)$/,
    ms: BUSY_MS,
  },
  {
    what: '429 for longer than there is patience',
    listener: refusal(429, 'Request rate is large.', { 'x-ms-retry-after-ms': '50000' }),
    code: 'store_busy',
    why: /^is asked for more than its throughput \(429\)$/,
    ms: BUSY_MS,
  },
  {
    what: '449',
    listener: refusal(449, 'Retry the request.'),
    code: 'store_busy',
    why: /^has another write of the same document under way \(449\)$/,
    ms: BUSY_MS,
  },
  {
    what: '410',
    listener: refusal(410, 'Gone.', { 'x-ms-substatus': '1002' }),
    code: 'store_busy',
    why: /^is moving the partition \(410\/1002\)$/,
    ms: BUSY_MS,
  },
  {
    what: '404/1002',
    listener: refusal(404, 'The read session is not available.', { 'x-ms-substatus': '1002' }),
    code: 'store_busy',
    why: /^has not caught up with our writes \(404\/1002\)$/,
    ms: BUSY_MS,
  },
  {
    what: 'a container that is not there',
    listener: refusal(404, 'Owner resource does not exist', { 'x-ms-substatus': '1003' }),
    code: 'store_unusable',
    why: /^has no database sentiment_analysis, or lacks a container in it \(404\/1003\)$/,
  },
  {
    what: '401',
    listener: refusal(401, "The input authorization token can't serve the request."),
    code: 'store_unusable',
    why: /^refuses the key \(401\)$/,
  },
  {
    what: '403',
    listener: refusal(403, 'The given request [POST /dbs/x] cannot be authorized'),
    code: 'store_unusable',
    why: /^refuses the key \(403\)$/,
  },
  {
    what: 'a partition that is full',
    listener: refusal(403, 'Partition key reached maximum size of 20 GB', {
      'x-ms-substatus': '1014',
    }),
    code: 'store_unusable',
    why: /^has a partition that is full, at 20 GB \(403\/1014\)$/,
  },
  {
    what: 'a failover',
    listener: refusal(403, 'The requested operation is not allowed.', { 'x-ms-substatus': '3' }),
    code: 'store_unreachable',
    why: /^takes no writes \(403\/3\)$/,
  },
  {
    what: '403 by the firewall',
    listener: refusal(403, 'Request originated from IP 1.2.3.4 through public internet.'),
    code: 'store_unusable',
    why: /^lets nobody in from here \(403\)$/,
  },
  {
    what: '403 for our clock',
    listener: refusal(403, 'The authorization token is not valid at the current time.'),
    code: 'store_unusable',
    why: /^finds our clock wrong \(403\)$/,
  },
  {
    what: 'a weaker consistency',
    listener: refusal(400, 'ConsistencyLevel Session specified in the request is invalid'),
    code: 'store_unusable',
    why: /^has a default consistency below Session \(400\)$/,
  },
  {
    what: 'a query that it does not understand',
    listener: refusal(400, 'Syntax error, incorrect syntax near SELEKT.'),
    code: 'internal',
    why: /^refuses the request \(400\)$/,
  },
];

for (const { what, listener, code, why, ms = LONG_MS } of FAULTS) {
  for (const [name, call] of Object.entries(CALLS)) {
    test.serial(`${what}: ${name}`, async (t) => {
      const { port } = await wire(t, listener);
      const account = accountAt(t, port, { attemptMs: ms, patienceMs: ms });
      await fails(t, call(account), code, why);
    });
  }
}

/** What a batch of two operations is answered, by operation. */
const BATCHES: (Pick<Fault, 'what' | 'code' | 'why'> & { answered: object[]; cure?: RegExp })[] = [
  {
    what: 'a partition that is full',
    answered: [
      {
        statusCode: 403,
        subStatusCode: 1014,
        message: 'Partition key reached maximum size of 20 GB',
      },
      { statusCode: 424 },
    ],
    code: 'store_unusable',
    why: /^has a partition that is full, at 20 GB \(403\/1014\)$/,
    cure: /DATA_RETENTION_DAYS/,
  },
  {
    what: 'a failover',
    answered: [{ statusCode: 424 }, { statusCode: 403, subStatusCode: 3 }],
    code: 'store_unreachable',
    why: /^takes no writes \(403\/3\)$/,
  },
  {
    what: 'an operation that is not available',
    answered: [{ statusCode: 503, subStatusCode: 21008 }, { statusCode: 424 }],
    code: 'store_unreachable',
    why: /^is not available \(503\/21008\)$/,
  },
  ...[
    { what: 'failures without a culprit', answered: [{ statusCode: 424 }, { statusCode: 424 }] },
    { what: 'an operation without a status', answered: [{ statusCode: 200 }, {}] },
    { what: 'no number for a status', answered: [{ statusCode: 200 }, { statusCode: 'OK' }] },
    { what: 'a status that is none', answered: [{ statusCode: 200 }, { statusCode: 0 }] },
    { what: 'fewer answers than operations', answered: [{ statusCode: 200 }] },
  ].map((each) => ({
    ...each,
    code: 'store_unreachable' as const,
    why: /^gives an answer that does not fit the batch$/,
  })),
];

for (const { what, answered, code, why, cure = /./ } of BATCHES) {
  test.serial(`${what}, within a batch’s answer`, async (t) => {
    const { port } = await wire(t, answer(207, answered));
    const { items } = accountAt(t, port, { attemptMs: LONG_MS, patienceMs: LONG_MS });
    const operations = ['_head', 'a'].map((id) => ({ kind: 'upsert', document: { id } }) as const);
    const error = await fails(t, items.batch('a-batch', 'claude', operations), code, why);
    t.regex(error.cure ?? '', cure);
  });
}

test('what an operation of a batch was refused for is told in the account’s words, and where', async (t) => {
  const said = 'Partition key reached maximum size of 20 GB';
  const { port } = await wire(
    t,
    answer(207, [{ statusCode: 403, subStatusCode: 1014, message: said }]),
  );
  const { items } = accountAt(t, port, { attemptMs: LONG_MS, patienceMs: LONG_MS });
  const batch = items.batch('a-batch', 'claude', [{ kind: 'upsert', document: { id: 'a' } }]);
  const { message } = await t.throwsAsync<AppError>(batch);
  t.true(message.endsWith(`: ${said} (operation 0 of a batch in claude)`), message);
});

for (const [name, call] of Object.entries(CALLS)) {
  test.serial(`a port on which nobody listens: ${name}`, async (t) => {
    const { port, ...gone } = await wire(t, () => undefined);
    await gone.stop();
    await fails(
      t,
      call(accountAt(t, port, { attemptMs: LONG_MS, patienceMs: LONG_MS })),
      'store_unreachable',
      /^cannot be reached, ECONNREFUSED$/,
    );
  });
}

async function fails(
  t: ExecutionContext,
  call: Promise<unknown>,
  code: ErrorCode,
  why: RegExp,
): Promise<AppError> {
  const began = performance.now();
  const error = await t.throwsAsync<AppError>(call);
  t.is(error.code, code, error.message);
  t.regex(String(error.details.why), why);
  t.truthy(error.cure);
  t.true(performance.now() - began < 4000, 'no retries of the SDK, whose pauses are of a second');
  const everything = [error, error.cause].map((one) => `${String(one)}${JSON.stringify(one)}`);
  t.false(everything.join('').includes(KEY));
  t.false(/authorization"/i.test(everything.join('')));
  return error;
}
