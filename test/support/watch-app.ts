import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionContext } from 'ava';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { Api } from '../../src/routes/context.js';
import type { Answer, AnswerCheck } from './answer-check.js';

/**
 * Holds every answer of this app against the OpenAPI document: what `inject` brings at once,
 * what a listening app sends when the test ends. Call before the teardown that closes the app.
 */
export function watchApp(
  t: Pick<ExecutionContext, 'teardown'>,
  app: Api,
  check: AnswerCheck,
): void {
  const inject: (request: InjectOptions | string) => Promise<LightMyRequestResponse> =
    app.inject.bind(app);

  app.inject = (async (request: InjectOptions | string) => {
    const reply = await inject(request);
    const { method, url } = reply.raw.req;
    const { statusCode: status, headers, rawPayload: body } = reply;
    const wrong = check({ method: String(method), url: String(url), status, headers, body });
    if (wrong.length > 0) throw new Error(`not as documented: ${wrong.join('; ')}`);
    return reply;
  }) as unknown as typeof app.inject;

  const wrong: string[] = [];
  app.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    const headers: Answer['headers'] = {};
    collect(response, chunks, headers);
    response.once('finish', () => {
      const { method = '', url = '' } = request;
      Object.assign(headers, response.getHeaders());
      const body = Buffer.concat(chunks);
      wrong.push(...check({ method, url, status: response.statusCode, headers, body }));
    });
  });
  t.teardown(() => {
    if (wrong.length > 0) throw new Error(`not as documented: ${wrong.join('; ')}`);
  });
}

/** Notes what is written to a response, on its way. */
function collect(response: ServerResponse, chunks: Buffer[], headers: Answer['headers']): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => never;
  response.writeHead = (...args: unknown[]) => {
    const given = args.at(-1);
    for (const [name, value] of Object.entries(typeof given === 'object' ? (given ?? {}) : {})) {
      headers[name.toLowerCase()] = value as string;
    }
    return writeHead(...args);
  };
  for (const name of ['write', 'end'] as const) {
    const real = response[name].bind(response) as (...args: unknown[]) => never;
    response[name] = (...args: unknown[]) => {
      const [chunk] = args;
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
      return real(...args);
    };
  }
}
