import { badRequest } from './refusals.js';
import { isObject, type Json, type JsonObject } from './values.js';
import type { Ordering } from './sql/syntax.js';

/** What a container's indexing policy says about paths. */
export interface Indexing {
  /** As it was sent, or the service's default. */
  policy: JsonObject;
  isIndexed(path: readonly string[]): boolean;
  composites: readonly (readonly Ordering[])[];
  /** Whether a composite index has these paths in this order, or all of them reversed. */
  hasComposite(orderBy: readonly Ordering[]): boolean;
  /** Indexed values of an item, and its entries in composite indexes. */
  terms(document: JsonObject): number;
}

const DEFAULT_POLICY: JsonObject = {
  indexingMode: 'consistent',
  automatic: true,
  includedPaths: [{ path: '/*' }],
  excludedPaths: [{ path: '/"_etag"/?' }],
};

/** The service indexes these whatever a policy says. */
const ALWAYS = ['id', '_ts'];
/** Not what the writer put there. */
const SYSTEM = ['_rid', '_self', '_etag', '_attachments'];

interface Rule {
  steps: string[];
  /** Everything below the path too, not just its value. */
  open: boolean;
  included: boolean;
}

/** @throws Refusal 400 for a policy that the service does not take. */
export function readIndexing(given: Json | undefined): Indexing {
  if (given !== undefined && !isObject(given)) throw badRequest('The indexing policy is invalid.');
  const policy = given ?? DEFAULT_POLICY;
  const mode = policy.indexingMode ?? 'consistent';
  if (typeof mode !== 'string' || !['consistent', 'none'].includes(mode.toLowerCase())) {
    throw badRequest(`The indexing mode ${JSON.stringify(mode)} is not supported.`);
  }
  const rules = [...rulesOf(policy, 'includedPaths'), ...rulesOf(policy, 'excludedPaths')];
  if (mode.toLowerCase() === 'consistent' && given !== undefined) requireRoot(policy, rules);
  const composites = compositesOf(policy);
  const known = new Map<string, boolean>();
  const isIndexed = (path: readonly string[]) => {
    const name = path.join('\u0000');
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    const indexed = mode.toLowerCase() === 'consistent' && decided(rules, path);
    // A bound: names of properties may be data.
    if (known.size < 10_000) known.set(name, indexed);
    return indexed;
  };
  return {
    policy,
    ...{ isIndexed, composites },
    hasComposite: (orderBy) => composites.some((index) => serves(index, orderBy)),
    terms: (document) => composites.length + countTerms(document, isIndexed),
  };
}

function requireRoot(policy: JsonObject, rules: readonly Rule[]): void {
  if (policy.includedPaths === undefined && policy.excludedPaths === undefined) return;
  if (rules.some(({ steps, open }) => open && steps.length === 0)) return;
  throw badRequest(
    'The special mandatory indexing path "/" is not provided in any of the path type sets. Please provide this path in one of the sets.',
  );
}

function rulesOf(policy: JsonObject, name: 'includedPaths' | 'excludedPaths'): Rule[] {
  const listed = policy[name] ?? [];
  if (!Array.isArray(listed)) throw badRequest(`${name} of the indexing policy is not an array.`);
  return listed.map((entry) => {
    const path = isObject(entry) ? entry.path : undefined;
    if (typeof path !== 'string' || !/^\/(.*\/)?[*?]$/.test(path)) {
      throw badRequest(
        `The indexing path '${JSON.stringify(path)}' could not be accepted: it begins with '/' and ends with '/*' or '/?'.`,
      );
    }
    const steps = path.split('/').slice(1, -1);
    return {
      steps: steps.map((step) => step.replace(/^"(.*)"$/, '$1')),
      open: path.endsWith('*'),
      included: name === 'includedPaths',
    };
  });
}

/** The rule that says most decides; a value's rule says more than that of everything below. */
function decided(rules: readonly Rule[], path: readonly string[]): boolean {
  const [first = ''] = path;
  if (path.length === 1 && ALWAYS.includes(first)) return true;
  if (SYSTEM.includes(first)) return false;
  let best: Rule | undefined;
  for (const rule of rules) {
    const fits = rule.open ? rule.steps.length <= path.length : rule.steps.length === path.length;
    if (!fits || !rule.steps.every((step, at) => step === path[at])) continue;
    if (best === undefined || precision(rule) > precision(best)) best = rule;
  }
  return best?.included ?? rules.length === 0;
}

function precision({ steps, open }: Rule): number {
  return 2 * steps.length + (open ? 0 : 1);
}

function compositesOf(policy: JsonObject): Ordering[][] {
  const listed = policy.compositeIndexes ?? [];
  if (!Array.isArray(listed)) throw badRequest('compositeIndexes is not an array.');
  return listed.map((index) => {
    if (!Array.isArray(index) || index.length < 2) {
      throw badRequest('A composite index must have at least two paths.');
    }
    return index.map(compositePath);
  });
}

function compositePath(entry: Json): Ordering {
  const path = isObject(entry) ? entry.path : undefined;
  const order = isObject(entry) ? (entry.order ?? 'ascending') : undefined;
  if (typeof path !== 'string' || !path.startsWith('/') || /[*?]$/.test(path)) {
    throw badRequest(`The composite path ${JSON.stringify(path)} could not be accepted.`);
  }
  if (order !== 'ascending' && order !== 'descending') {
    throw badRequest(`The composite order ${JSON.stringify(order)} could not be accepted.`);
  }
  const steps = path.split('/').slice(1);
  return {
    path: steps.map((step) => step.replace(/^"(.*)"$/, '$1')),
    descending: order === 'descending',
  };
}

function serves(index: readonly Ordering[], orderBy: readonly Ordering[]): boolean {
  if (index.length !== orderBy.length) return false;
  const samePaths = index.every(({ path }, at) => {
    const other = orderBy[at]?.path ?? [];
    return path.length === other.length && path.every((step, place) => step === other[place]);
  });
  const differing = index.filter(({ descending }, at) => descending !== orderBy[at]?.descending);
  return samePaths && (differing.length === 0 || differing.length === index.length);
}

function countTerms(
  value: Json,
  isIndexed: (path: readonly string[]) => boolean,
  path: readonly string[] = [],
): number {
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, item) => sum + countTerms(item, isIndexed, path), 0);
  }
  if (!isObject(value)) return isIndexed(path) ? 1 : 0;
  return Object.entries(value).reduce(
    (sum, [name, item]) => sum + countTerms(item, isIndexed, [...path, name]),
    0,
  );
}
