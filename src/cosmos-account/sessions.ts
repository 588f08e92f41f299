import type { Container, Range } from './container.js';
import { badRequest, sessionNotAvailable } from './refusals.js';

/** `RANGE:-1#LSN`, as clients take it apart. */
export function sessionToken({ id, lsn }: Range): string {
  return `${id}:-1#${lsn}`;
}

/**
 * Whether a read must see everything: it came with a session of this range.
 *
 * @throws Refusal 404 with substatus 1002 when the session is ahead of the range, 400 for a token
 * of another form.
 */
export function checkSession(header: string | undefined, { id, lsn }: Range): boolean {
  if (header === undefined || header === '') return false;
  let bound = false;
  for (const token of header.split(',')) {
    const [, range, seen] = /^(\d+):-?\d+#(\d+)(?:#\d+=\d+)*$/.exec(token.trim()) ?? [];
    if (range === undefined) {
      throw badRequest(`The session token '${token}' is invalid. Ensure to provide a valid one.`);
    }
    if (range !== id) continue;
    if (Number(seen) > lsn) throw sessionNotAvailable();
    bound = true;
  }
  return bound;
}

/** @throws Refusal 410 with substatus 1002 for a range that the container does not have. */
export function rangeById({ ranges }: Container, id: string): Range | undefined {
  return ranges.find((range) => range.id === id);
}
