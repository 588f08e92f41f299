import type { RedditComment, RedditPost } from './schemas.js';
import { readThing, type Thing } from './things.js';

/** Fields that dumps write as text; what they are is in schemas.ts. */
const NUMBERS = ['created_utc', 'score', 'num_comments', 'edited'] as const;
const TRUTHS = new Map([
  ['true', true],
  ['false', false],
  ['', null],
  ['none', null],
]);
const NUMBER = /^\s*[+-]?\d+(\.\d*)?\s*$/;
const FULLNAME = /^t[13]_([A-Za-z0-9]{1,16})$/;
/** Names of today and of recordings; a store folds the case of ASCII only. */
const SUBREDDIT = /^[!-.0-~]{1,64}$/;
const REDDIT_URL = /^https?:\/\/(?:[\w-]+\.)*reddit\.com(?=\/)/i;

type Fields = Record<string, unknown>;

/**
 * A post or comment out of one line of a dump: Reddit's object, bare or as `{kind, data}`,
 * with numbers and truths as text, without author, with absolute permalinks. Afterwards the
 * schemas of the wire decide.
 *
 * @returns the thing, or why it is none: `not_json`, `not_an_object`, `unknown_kind`, or
 * `invalid_<field>`.
 */
export function readDumpLine(text: string): Thing {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { reason: 'not_json' };
  }
  if (!isObject(value)) return { reason: 'not_an_object' };
  const wrapped = typeof value.kind === 'string' && 'data' in value;
  const data = wrapped ? value.data : value;
  if (!isObject(data)) return { reason: 'not_an_object' };
  const kind = wrapped ? value.kind : kindOf(data);
  if (kind !== 't3' && kind !== 't1') return { reason: 'unknown_kind' };
  const thing = readThing(kind, normalised(kind, data));
  if ('reason' in thing) return thing;
  const reason = flaw('post' in thing ? thing.post : thing.comment);
  return reason === null ? thing : { reason };
}

/** A bare object says by its name what it is; else only posts have titles and comments bodies. */
function kindOf(data: Fields): string | null {
  const prefix = typeof data.name === 'string' ? /^(t\d)_/.exec(data.name)?.[1] : undefined;
  if (prefix !== undefined) return prefix;
  if ('title' in data) return 't3';
  return 'body' in data ? 't1' : null;
}

function normalised(kind: 't3' | 't1', data: Fields): Fields {
  const fields: Fields = { ...data };
  for (const field of NUMBERS) {
    const given = fields[field];
    if (typeof given === 'string' && NUMBER.test(given)) fields[field] = Number(given);
  }
  // A real dump has one of -1.
  if (typeof fields.num_comments === 'number' && fields.num_comments < 0) fields.num_comments = 0;
  for (const field of ['stickied', 'edited']) {
    const given = data[field];
    const truth = typeof given === 'string' ? TRUTHS.get(given.toLowerCase()) : undefined;
    if (truth !== undefined) fields[field] = truth;
  }
  for (const field of ['removed_by_category', 'author']) {
    if (fields[field] === '') fields[field] = null;
  }
  const { id, name, permalink, subreddit } = data;
  if (id === undefined && typeof name === 'string') fields.id = FULLNAME.exec(name)?.[1];
  if (name === undefined && typeof id === 'string') fields.name = `${kind}_${id}`;
  if (typeof permalink === 'string') fields.permalink = permalink.replace(REDDIT_URL, '');
  else if (kind === 't3' && typeof subreddit === 'string' && typeof fields.id === 'string') {
    fields.permalink = `/r/${subreddit}/comments/${fields.id}/`;
  }
  return fields;
}

/** What the schemas of the wire take on trust because a request named it. */
function flaw(thing: RedditPost | RedditComment): string | null {
  if (!SUBREDDIT.test(thing.subreddit)) return 'invalid_subreddit';
  const { permalink } = thing;
  return typeof permalink === 'string' && !/^\/(?!\/)/.test(permalink) ? 'invalid_permalink' : null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
