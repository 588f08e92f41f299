import swagger from '@fastify/swagger';
import { fastify, type RouteOptions } from 'fastify';
import { readVersion } from '../version.js';
import { IF_NONE_MATCH, PROBLEM_SCHEMA, problemAnswers, withHeaders } from './answers.js';
import { DESCRIPTION, type Description, TAGS } from './describe.js';
import { EXAMPLES } from './examples.js';
import { hoistTitled } from './hoist.js';
import type {
  Example,
  OpenApiDocument,
  Operation,
  Parameter,
  RequestBody,
  Response,
} from './types.js';

const ABOUT = `Sentiment of Reddit communities. Times are UTC; windows end at the current minute; names of
subreddits are case-insensitive. Every refusal is an RFC 9457 problem document whose \`detail\` says what would
be right; beside those listed with a route, 404 and 405 answer what is no route, and 408, 413 and 431 what
cannot be read. Every example here is what this program answered to the request in its summary.`;

/**
 * The OpenAPI 3.1 document of these routes, from the schemas that check and serialise them. Made
 * on demand in a Fastify of its own, so that start-up does not pay for it.
 *
 * @throws Error when a route has no description, or two schemas have one title.
 */
export async function openApiDocument(routes: readonly RouteOptions[]): Promise<OpenApiDocument> {
  const shown = routes.filter(isShown);
  const app = fastify({ exposeHeadRoutes: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'SentimentAgent',
        version: readVersion(),
        description: ABOUT.replaceAll('\n', ' '),
      },
      servers: [{ url: '/' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          adminToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'The token in ADMIN_TOKEN_FILE',
          },
        },
      },
    },
  });
  for (const { method, url, schema = {} } of shown) {
    app.route({ method, url, schema, handler: async () => undefined });
  }
  await app.ready();
  const plain = JSON.parse(JSON.stringify(app.swagger())) as OpenApiDocument;
  await app.close();
  return complete(plain);
}

/** HEAD answers what GET does, without the body; OPTIONS only preflights; hidden: the document itself. */
function isShown({ method, schema }: RouteOptions): boolean {
  return ![method].flat().some((name) => /^(HEAD|OPTIONS)$/i.test(name)) && schema?.hide !== true;
}

function complete(plain: OpenApiDocument): OpenApiDocument {
  const known = new Set<string>();
  const paths = Object.entries(plain.paths).map(([path, methods]) => {
    const operations = Object.entries(methods).map(([method, operation]) => {
      const whole = completeOperation(operation, `${method} ${path}`, known);
      return [method, whole] as const;
    });
    return [path, Object.fromEntries(operations)] as const;
  });
  const { paths: hoisted, schemas } = hoistTitled(Object.fromEntries(paths));
  const used = new Set(shownTags(hoisted));
  return {
    ...plain,
    tags: plain.tags.filter(({ name }) => used.has(name)),
    paths: hoisted,
    components: {
      ...plain.components,
      schemas: { Problem: PROBLEM_SCHEMA, ...schemas },
    },
  };
}

function shownTags(paths: OpenApiDocument['paths']): string[] {
  return Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ tags }) => tags),
  );
}

function completeOperation(operation: Operation, name: string, known: Set<string>): Operation {
  const { [DESCRIPTION]: about, parameters = [], responses, ...rest } = operation;
  if (about === undefined) throw new Error(`${name} does not describe itself: see describe()`);
  const description = about as Description;
  const operationId = known.has(description.id) ? `${description.id}V1` : description.id;
  if (known.has(operationId)) throw new Error(`${operationId} names two routes`);
  known.add(operationId);
  const all = [
    ...parameters.map(withoutNeed),
    ...(description.kind === 'data' ? [IF_NONE_MATCH] : []),
  ];
  const { requestBody } = rest;
  const answers = { ...problemAnswers(description), ...withHeaders(responses, description) };
  return {
    ...rest,
    ...(requestBody === undefined ? {} : { requestBody: withoutNeedOfBody(requestBody) }),
    operationId,
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: withExamples(answers, EXAMPLES[description.id] ?? {}),
  };
}

/** A body in which nothing has to be need not be there (our routes see to that). */
function withoutNeedOfBody(body: RequestBody): RequestBody {
  const schemas = Object.values(body.content).map(({ schema }) => schema);
  return { ...body, required: schemas.some((schema) => schema.required !== undefined) };
}

/** A parameter with a default need not be given, whatever its schema says of the parsed query. */
function withoutNeed(parameter: Parameter): Parameter {
  const needed = parameter.required === true && parameter.schema.default === undefined;
  return { ...parameter, required: needed };
}

function withExamples(
  responses: Record<string, Response>,
  examples: Record<string, Record<string, Example>>,
): Record<string, Response> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const mine = examples[status];
      if (mine === undefined || response.content === undefined) return [status, response];
      const content = Object.entries(response.content).map(([type, media]) => [
        type,
        { ...media, examples: mine },
      ]);
      return [status, { ...response, content: Object.fromEntries(content) as Response['content'] }];
    }),
  ) as Record<string, Response>;
}
