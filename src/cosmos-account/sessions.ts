import type { IncomingHttpHeaders } from 'node:http';
import type { Container, Range } from './container.js';
import { badRequest, sessionNotAvailable } from './refusals.js';
import { textOf } from './target.js';

/** `RANGE:-1#LSN`, as clients take it apart. */
export function sessionToken({ id, lsn }: Range): string {
  return `${id}:-1#${lsn}`;
}

const WEAKER = ['Eventual', 'ConsistentPrefix'];

/**
 * Whether a read must see every commit: it came with a session of this range. Without one it is
 * answered by any replica, however far behind.
 *
 * @throws Refusal 404 with substatus 1002 when the session is ahead of the range, 400 for a token
 * of another form and for a consistency that the account does not give.
 */
export function seesAll(headers: IncomingHttpHeaders, { id, lsn }: Range): boolean {
  const level = textOf(headers, 'x-ms-consistency-level') ?? 'Session';
  if (WEAKER.includes(level)) return false;
  if (level !== 'Session') {
    throw badRequest(
      `ConsistencyLevel ${level} specified in the request is invalid when service is configured with consistency level Session. Ensure the request consistency level is not stronger than the service consistency level.`,
    );
  }
  let bound = false;
  for (const token of (textOf(headers, 'x-ms-session-token') ?? '').split(',')) {
    if (token === '') continue;
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

export function rangeById({ ranges }: Container, id: string): Range | undefined {
  return ranges.find((range) => range.id === id);
}
