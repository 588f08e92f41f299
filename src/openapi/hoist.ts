import type { OpenApiDocument, Schema } from './types.js';

type Paths = OpenApiDocument['paths'];

/**
 * Moves every schema that has a `title` to the components, under that name, and refers to it.
 * @throws Error when two different schemas have the same title.
 */
export function hoistTitled(paths: Paths): { paths: Paths; schemas: Record<string, Schema> } {
  const found = new Map<string, string>();
  const visit = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== 'object' || node === null) return node;
    const inner = Object.fromEntries(
      // An example is an answer, not a schema, whatever its fields are called.
      Object.entries(node).map(([key, value]) => [key, key === 'examples' ? value : visit(value)]),
    );
    const { title, ...schema } = inner;
    if (typeof title !== 'string' || schema.type === undefined) return inner;
    const written = JSON.stringify(schema);
    if ((found.get(title) ?? written) !== written)
      throw new Error(`two schemas are named ${title}`);
    found.set(title, written);
    return { $ref: `#/components/schemas/${title}` };
  };
  const visited = visit(paths) as Paths;
  const schemas = [...found].map(([title, text]) => [title, JSON.parse(text) as Schema] as const);
  return { paths: visited, schemas: Object.fromEntries(schemas) };
}
