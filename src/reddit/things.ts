import { Value } from 'typebox/value';
import { RedditComment, RedditPost } from './schemas.js';

/** What an object is, or why it is none of ours: `unexpected_kind` or `invalid_<field>`. */
export type Thing = { post: RedditPost } | { comment: RedditComment } | { reason: string };

/** Holds an object of a kind (`t3`, `t1`) against its schema, the same for wire and dumps. */
export function readThing(kind: string, data: unknown): Thing {
  if (kind === 't3') {
    return Value.Check(RedditPost, data) ? { post: data } : { reason: reasonOf(RedditPost, data) };
  }
  if (kind === 't1') {
    return Value.Check(RedditComment, data)
      ? { comment: data }
      : { reason: reasonOf(RedditComment, data) };
  }
  return { reason: 'unexpected_kind' };
}

function reasonOf(schema: typeof RedditPost | typeof RedditComment, data: unknown): string {
  const [first] = Value.Errors(schema, data);
  const missing = first?.keyword === 'required' ? first.params.requiredProperties[0] : undefined;
  const field = missing ?? first?.instancePath.split('/')[1];
  return `invalid_${field ?? 'object'}`;
}
