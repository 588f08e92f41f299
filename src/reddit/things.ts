import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { RedditComment, RedditPost } from './schemas.js';

/** Thousands of objects a cycle: checked by code made once, not by walking the schema each time. */
const isPost = Compile(RedditPost);
const isComment = Compile(RedditComment);

/** What an object is, or why it is none of ours: `unexpected_kind` or `invalid_<field>`. */
export type Thing = { post: RedditPost } | { comment: RedditComment } | { reason: string };

/** Holds an object of a kind (`t3`, `t1`) against its schema, the same for wire and dumps. */
export function readThing(kind: unknown, data: unknown): Thing {
  if (kind === 't3') {
    if (!isPost.Check(data)) return { reason: reasonOf(RedditPost, data) };
    return isNamed(data, kind) ? { post: data } : { reason: 'invalid_name' };
  }
  if (kind === 't1') {
    if (!isComment.Check(data)) return { reason: reasonOf(RedditComment, data) };
    return isNamed(data, kind) ? { comment: data } : { reason: 'invalid_name' };
  }
  return { reason: 'unexpected_kind' };
}

/** Ids that were mixed up would put one thing in another's place. */
function isNamed({ id, name }: { id: string; name: string }, kind: string): boolean {
  return name === `${kind}_${id}`;
}

function reasonOf(schema: typeof RedditPost | typeof RedditComment, data: unknown): string {
  const [first] = Value.Errors(schema, data);
  const missing = first?.keyword === 'required' ? first.params.requiredProperties[0] : undefined;
  const field = missing ?? first?.instancePath.split('/')[1];
  return `invalid_${field ?? 'object'}`;
}
