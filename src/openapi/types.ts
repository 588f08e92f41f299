/** The parts of an OpenAPI 3.1 document that we touch. */
export interface Schema {
  title?: string;
  $ref?: string;
  [keyword: string]: unknown;
}

export interface Example {
  summary: string;
  value: unknown;
}

export interface Header {
  description: string;
  required?: boolean;
  schema: Schema;
}

export interface Response {
  description: string;
  headers?: Record<string, Header>;
  content?: Record<string, { schema: Schema; examples?: Record<string, Example> }>;
}

export interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required?: boolean;
  description?: string;
  schema: Schema;
}

export interface RequestBody {
  required?: boolean;
  content: Record<string, { schema: Schema }>;
}

export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  description?: string;
  parameters?: Parameter[];
  requestBody?: RequestBody;
  security?: Record<string, string[]>[];
  responses: Record<string, Response>;
  [extension: `x-${string}`]: unknown;
}

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

export interface OpenApiDocument {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Partial<Record<Method, Operation>>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
}
