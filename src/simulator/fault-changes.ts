import type { FaultKind } from './faults.js';

type Fields = Record<string, unknown>;
type Change = (fields: Fields, turn: number) => Fields;

/** The kinds that change objects of the right answer. */
const CHANGES: Partial<Record<FaultKind, Change>> = {
  wrong_types: withWrongType,
  missing_fields: withoutField,
  hostile_text: withHostileText,
  megabytes: withMegabytes,
};

/** What a client is likely to read. */
const FIELDS: Record<string, readonly string[]> = {
  t3: [
    ...['id', 'name', 'created_utc', 'subreddit', 'score', 'title', 'permalink', 'num_comments'],
    ...['author', 'selftext', 'url', 'stickied', 'removed_by_category'],
  ],
  t1: [
    ...['id', 'name', 'created_utc', 'subreddit', 'score', 'body', 'permalink', 'link_id'],
    ...['parent_id', 'author', 'stickied'],
  ],
  t5: [
    ...['id', 'name', 'created_utc', 'display_name', 'subscribers', 'title', 'description', 'url'],
  ],
  token: ['access_token', 'expires_in'],
};
const TEXTS = ['title', 'selftext', 'body', 'author', 'description', 'access_token'];
/** The longest text of each kind of object. */
const LONG_TEXTS = ['selftext', 'body', 'description', 'scope'];
const ONE_IN = 3;
const MEGABYTES = 2 * 1024 * 1024;

/**
 * The answer with some of its objects changed; the given one stays as it is, for worlds
 * keep parts of it. Which objects and fields follows from `nth`, the hits before this one:
 * every third object, the next third after the next hit, and each object's next field when
 * its turn comes again, so that soon each field of each was hit.
 */
export function changed(kind: FaultKind, body: unknown, nth: number): unknown {
  const change = CHANGES[kind];
  if (change === undefined) return body;
  if (isObject(body) && 'access_token' in body) return change(body, nth);
  const objects = countThings(body);
  const every = kind === 'megabytes' ? objects : Math.min(ONE_IN, objects);
  let at = -1;
  return mapThings(body, (fields) => {
    at += 1;
    if (at % every !== nth % every) return fields;
    return change(fields, Math.floor(nth / every) + Math.floor(at / every));
  });
}

function countThings(body: unknown): number {
  let count = 0;
  mapThings(body, (fields) => {
    count += 1;
    return fields;
  });
  return count;
}

/** A copy in which each post, comment and subreddit, in the order of the text, is replaced. */
function mapThings(body: unknown, replace: (fields: Fields) => Fields): unknown {
  if (Array.isArray(body)) return body.map((part) => mapThings(part, replace));
  if (!isObject(body) || !isObject(body.data)) return body;
  const { kind, data } = body;
  if (kind === 'Listing') {
    return { ...body, data: { ...data, children: mapThings(data.children, replace) } };
  }
  const replaced = replace(data);
  if (!('replies' in data) || !('replies' in replaced)) return { ...body, data: replaced };
  return { ...body, data: { ...replaced, replies: mapThings(data.replies, replace) } };
}

function withWrongType(fields: Fields, turn: number): Fields {
  const names = fieldsOf(fields);
  const name = names[turn % names.length] ?? 'id';
  const value = fields[name];
  const others = [17, null, [value], { value }, String(value), true].filter(
    (other) => jsonType(other) !== jsonType(value),
  );
  return { ...fields, [name]: others[Math.floor(turn / names.length) % others.length] };
}

function withoutField(fields: Fields, turn: number): Fields {
  const names = fieldsOf(fields);
  const { [names[turn % names.length] ?? 'id']: _left, ...rest } = fields;
  return rest;
}

function withHostileText(fields: Fields, turn: number): Fields {
  const names = TEXTS.filter((name) => typeof fields[name] === 'string');
  const name = names[turn % names.length];
  if (name === undefined) return fields;
  const text = String(fields[name]);
  const middle = text.length >> 1;
  // A low surrogate first, a pair the wrong way round, a high one last.
  const hostile = `\udc4d${text.slice(0, middle)}\u0000\udc4d\ud83d${text.slice(middle)}\u0000\ud83d`;
  return { ...fields, [name]: hostile };
}

function withMegabytes(fields: Fields): Fields {
  const name = LONG_TEXTS.find((field) => field in fields) ?? 'title';
  return { ...fields, [name]: 'megabyte '.repeat(MEGABYTES).slice(0, MEGABYTES) };
}

/** Only what the object has: a field that is absent cannot be taken away. */
function fieldsOf(fields: Fields): string[] {
  const kind = 'access_token' in fields ? 'token' : String(fields.name).slice(0, 2);
  return (FIELDS[kind] ?? []).filter((name) => name in fields);
}

/** JSON's types; `typeof` calls null and arrays objects. */
function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
