/** What a document is made of. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** What an expression comes to: a property that a document lacks is undefined, not null. */
export type Value = Json | undefined;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Types in the order in which the service sorts them. */
export function rankOf(value: Value): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (typeof value === 'boolean') return 2;
  if (typeof value === 'number') return 3;
  if (typeof value === 'string') return 4;
  return Array.isArray(value) ? 5 : 6;
}

/**
 * The total order of an index: by type, then by value. Arrays and objects of one type are
 * equal to it, since nothing sorts by them.
 */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return compareStrings(a, b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  return typeof a === 'boolean' && a !== b ? (a ? 1 : -1) : 0;
}

/** By code point, as UTF-8 sorts; `<` of JavaScript compares UTF-16, where surrogates stand wrong. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return lifted(left) - lifted(right);
  }
  return a.length - b.length;
}

/** A surrogate stands for a code point above every other code unit. */
function lifted(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Deep equality; undefined equals nothing, which callers look at first. */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, at) => sameValue(item, b[at]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
  );
}

/** The value at a path of property names; undefined when any step is missing. */
export function valueAt(document: Value, path: readonly string[]): Value {
  let value = document;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
