import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Recordings of the real service, beside the project; absent in a clone alone. */
export const WIRE = resolve('..', 'shared', 'data', 'wire');
export const HAS_RECORDINGS = existsSync(WIRE);

export interface RecordedThing {
  kind: string;
  data: Record<string, unknown>;
}

export interface RecordedExchange {
  recorded_at: string | null;
  request: { method: string; uri: string };
  response: { status: number; headers: Record<string, string>; body: unknown };
}

export function recordedLines<T>(file: string): T[] {
  return gunzipSync(readFileSync(resolve(WIRE, file)))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Everything of one kind (`Listing`, `t5`, …) inside a recorded body, however deep. */
export function everyThing(body: unknown, kind: string): Record<string, unknown>[] {
  if (Array.isArray(body)) return body.flatMap((part) => everyThing(part, kind));
  if (typeof body !== 'object' || body === null) return [];
  const inside = Object.values(body).flatMap((part) => everyThing(part, kind));
  const { kind: own, data } = body as { kind?: unknown; data?: unknown };
  return own === kind ? [data as Record<string, unknown>, ...inside] : inside;
}

/** JSON's types; `typeof` calls null and arrays objects. */
export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/** What is known of a kind of object: the types each key was seen with. */
export function typesByKey(objects: readonly Record<string, unknown>[]): Map<string, Set<string>> {
  const types = new Map<string, Set<string>>();
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      types.set(key, (types.get(key) ?? new Set()).add(jsonType(value)));
    }
  }
  return types;
}

/** Keys that every one of them has. */
export function commonKeys(objects: readonly Record<string, unknown>[]): string[] {
  const [first = {}, ...rest] = objects;
  return Object.keys(first).filter((key) => rest.every((object) => key in object));
}
