import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import formats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { OpenApiDocument, Operation, Response } from '../../src/openapi/types.js';

type Headers = Record<string, string | number | string[] | undefined>;

/** An answer as it was on the wire. */
export interface Answer {
  method: string;
  /** Path and query. */
  url: string;
  status: number;
  /** Names in lower case. */
  headers: Headers;
  body: Buffer;
}

/** What an answer has that the document does not say, one line each. */
export type AnswerCheck = (answer: Answer) => string[];

/** What may be said of a request that fits no route. */
const OUTSIDE = [400, 404, 405, 413, 414, 415, 429, 500];
/** The document and its page do not describe themselves. */
const DOCUMENTATION = /^(\/api\/v1)?\/openapi\.json$|^\/docs(\/|$)/;

const UNPACK: Record<string, (body: Buffer) => Buffer> = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  deflate: inflateSync,
};

/** Holds answers against an OpenAPI document: status, content type, headers and body. */
export function answerCheck(document: OpenApiDocument): AnswerCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false });
  formats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const bodyErrors = (pointer: string, body: unknown): string[] => {
    const validate = ajv.getSchema(`openapi#/${pointer}`);
    if (validate === undefined) return [`no schema at ${pointer}`];
    if (validate(body) === true) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message }) => `${instancePath || 'the body'} ${message}`,
    );
  };

  return (answer) => {
    const path = answer.url.split('?')[0] ?? '';
    const about = `${answer.method} ${answer.url.slice(0, 200)} → ${answer.status}`;
    const say = (lines: string[]) => lines.map((line) => `${about}: ${line}`);
    if (DOCUMENTATION.test(path) && answer.status < 400) return [];
    if (answer.method === 'OPTIONS' && answer.status === 204) return [];
    const template = templateOf(document, path);
    const method = (answer.method === 'HEAD' ? 'GET' : answer.method).toLowerCase();
    const operation = operationAt(document, template, method);
    if (operation === undefined) {
      if (!OUTSIDE.includes(answer.status)) return say(['is no way to refuse what is no route']);
      return say(contentErrors(answer, 'application/problem+json', 'components/schemas/Problem'));
    }
    const response = operation.responses[String(answer.status)];
    if (response === undefined) return say(['the status is not documented']);
    const lines = headerErrors(response, answer);
    const [type] = Object.keys(response.content ?? {});
    if (type === undefined) {
      return say(answer.body.length === 0 ? lines : [...lines, 'a body where none is documented']);
    }
    const pointer = [
      'paths',
      template,
      method,
      'responses',
      answer.status,
      'content',
      type,
      'schema',
    ];
    return say([...lines, ...contentErrors(answer, type, pointer.map(escaped).join('/'))]);
  };

  function contentErrors(answer: Answer, type: string, pointer: string): string[] {
    const given = String(answer.headers['content-type']);
    if (given.split(';')[0] !== type.split(';')[0]) return [`content type ${given}, not ${type}`];
    if (answer.method === 'HEAD') return [];
    const body = unpacked(answer).toString();
    if (!/json$/.test(type)) return bodyErrors(pointer, body);
    try {
      return bodyErrors(pointer, JSON.parse(body));
    } catch {
      return ['the body is no JSON'];
    }
  }
}

function operationAt(
  document: OpenApiDocument,
  template: string | null,
  method: string,
): Operation | undefined {
  const methods = template === null ? {} : document.paths[template];
  return (methods as Record<string, Operation> | undefined)?.[method];
}

function headerErrors({ headers = {} }: Response, answer: Answer): string[] {
  return Object.entries(headers).flatMap(([name, { required, schema }]) => {
    const value = answer.headers[name.toLowerCase()];
    if (value === undefined) return required === true ? [`header ${name} is missing`] : [];
    const good = schema.type !== 'integer' || /^\d+$/.test(String(value));
    return good ? [] : [`header ${name} is ${String(value)}`];
  });
}

/** The path of the document that this one fits; a literal part wins over a parameter. */
export function templateOf(document: OpenApiDocument, path: string): string | null {
  const given = path.split('/');
  const fitting = Object.keys(document.paths).filter((template) => {
    const parts = template.split('/');
    return (
      parts.length === given.length &&
      parts.every((part, at) => (part.startsWith('{') ? given[at] !== '' : part === given[at]))
    );
  });
  return fitting.sort((a, b) => a.split('{').length - b.split('{').length)[0] ?? null;
}

function unpacked({ headers, body }: Answer): Buffer {
  const unpack = UNPACK[String(headers['content-encoding'] ?? '')];
  return unpack === undefined ? body : unpack(body);
}

/** A part of a JSON pointer that is used as the fragment of a URI. */
function escaped(part: string | number | null): string {
  return encodeURIComponent(String(part).replaceAll('~', '~0').replaceAll('/', '~1'));
}
