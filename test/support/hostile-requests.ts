import type { OpenApiDocument, Operation, Parameter } from '../../src/openapi/types.js';

/** A request that is wrong in one way. */
export interface HostileRequest {
  method: 'GET' | 'POST';
  url: string;
  /** What was done, for the reader of a failure. */
  what: string;
  status: RegExp;
  /** What the detail must say of what would be right. */
  says: RegExp;
}

/** Valid values of path parameters that the fixture has. */
const IN_PATH: Record<string, string> = { id: 'p1' };
const TEN_KB = 'x'.repeat(10_240);

type Case = [what: string, query: string, status: RegExp, says: RegExp];

/** A route that knows no limit is a probe, and takes anything: probers add parameters of their own. */
export const isProbe = ({ responses }: Operation): boolean => !('429' in responses);

/**
 * Every wrong way to ask that follows from what the document says of parameters, for all routes
 * but probes. A new route is covered when it is described.
 */
export function hostileRequests(document: OpenApiDocument): HostileRequest[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).flatMap(([name, operation]) => {
      const method = name === 'post' ? ('POST' as const) : ('GET' as const);
      if (isProbe(operation)) return [];
      const base = template.replace(/\{(\w+)\}/g, (_, id: string) => IN_PATH[id] ?? '1');
      const parameters = operation.parameters ?? [];
      const query = parameters.filter((parameter) => parameter.in === 'query');
      const cases = [...unknown(query), ...query.flatMap(wrongValues)].map(
        ([what, search, status, says]) => ({
          method,
          url: `${base}?${search}`,
          what,
          status,
          says,
        }),
      );
      const places = parameters.filter((parameter) => parameter.in === 'path');
      return [...cases, ...wrongPaths(template, places, method)];
    }),
  );
}

function unknown(query: Parameter[]): Case[] {
  const names = query.map(({ name }) => name);
  const takes = names.length === 0 ? 'takes none' : `takes ${names.join(', ')}|did you mean`;
  const cases: Case[] = [
    'xyzzy=1',
    '__proto__=1',
    'constructor=1',
    '=1',
    '%00=1',
    `${TEN_KB}=1`,
  ].map((search) => [
    'an unknown parameter',
    search,
    /^4(00|14)$/,
    search.length > 4096
      ? /at most 4096/
      : new RegExp(`not a parameter of this route: .*(${takes})`),
  ]);
  const misspelt = names.map((name): Case => {
    const slip = name.slice(0, -1);
    return ['a slip', `${slip}=1`, /^400$/, new RegExp(`did you mean ${name}\\?`)];
  });
  return [...cases, ...misspelt];
}

function wrongValues(parameter: Parameter): Case[] {
  const { name, schema } = parameter;
  const common: Case[] = [
    ['twice', `${name}=1&${name}=1`, /^400$/, new RegExp(`${name} is given more than once`)],
    ['empty', `${name}=`, /^400$/, new RegExp(`${name}="" is not accepted: it takes`)],
    ['10 KB', `${name}=${TEN_KB}`, /^414$/, /at most 4096/],
  ];
  if (schema.type === 'integer') return [...common, ...wrongNumbers(parameter)];
  const takes =
    schema.enum === undefined
      ? /./
      : new RegExp(`${name}=.* it takes one of ${(schema.enum as string[]).join(', ')}`);
  const ignored = /not needed/.test(parameter.description ?? '');
  const texts = ['%00', '%2e%2e%2f%2e%2e%2fetc%2fpasswd', '%zz', '%F0%9F%98%80', "'%20or%201=1--"];
  const odd = texts.map((value): Case => ['odd', `${name}=${value}`, /^4\d\d$/, takes]);
  return [...common, ...(ignored ? [] : odd), ...(name === 'cursor' ? wrongCursors() : [])];
}

function wrongNumbers({ name, schema }: Parameter): Case[] {
  const { minimum, maximum } = schema as { minimum: number; maximum: number };
  const values = [String(minimum - 1), String(maximum + 1), '-1', '-0.5', '1.5', '1e3', '0x10'];
  const more = ['Infinity', 'NaN', '9'.repeat(40), '%2010', '10%20', '1%00', 'ten', 'null', 'true'];
  const says = new RegExp(`^${name}=.* it takes a whole number from ${minimum} to ${maximum}$`);
  return [...values, ...more].map((value) => ['a number', `${name}=${value}`, /^400$/, says]);
}

function wrongCursors(): Case[] {
  const made = (text: string) => Buffer.from(text).toString('base64url');
  const cursors = [
    ...['x', 'AAAA', made('{}'), made('2026-01-15T11:58:00.000Z'), made('/p1')],
    ...[made('2026-13-15T11:58:00.000Z/p1'), made('2026-01-15T11:58:00.000Z/P1;')],
    `${made('2026-01-15T11:58:00.000Z/p1')}=`,
  ];
  const says = /Link header|take it/;
  return cursors.map((cursor) => [
    'a cursor',
    `cursor=${encodeURIComponent(cursor)}`,
    /^400$/,
    says,
  ]);
}

function wrongPaths(
  template: string,
  places: Parameter[],
  method: 'GET' | 'POST',
): HostileRequest[] {
  const whole: HostileRequest[] = [
    `${template.replace(/\{\w+\}/g, 'p1').replace('/api/v1/', '/api/v1%2f')}`,
    `${template.replace(/\{\w+\}/g, 'p1')}/x/y/z`,
    `${template.replace(/\{\w+\}/g, 'p1')}%00`,
  ].map((url) => ({
    method,
    url,
    what: 'a path',
    status: /^40[04]$/,
    says: /There is no route|takes|id/,
  }));
  const values = [
    '%00',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e',
    'T3_X',
    'a%20b',
    TEN_KB,
    'x'.repeat(90),
  ];
  const parts = places.flatMap(({ name }) =>
    values.map((value) => ({
      method,
      url: template.replace(`{${name}}`, value),
      what: `the part ${name}`,
      status: /^4(00|04|14)$/,
      says: /is not accepted: it takes|at most 4096|There is no route|longer than/,
    })),
  );
  return [...whole, ...parts];
}
