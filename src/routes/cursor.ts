import { AppError } from '../errors.js';

/** The place in a list after which the next page begins. */
export interface Place {
  collected_at: string;
  id: string;
}

const FORM = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\/([a-z0-9]{1,16})$/;

export function encodeCursor({ collected_at, id }: Place): string {
  return Buffer.from(`${collected_at}/${id}`).toString('base64url');
}

/** @throws AppError `invalid_request` for anything that `encodeCursor` did not make. */
export function decodeCursor(cursor: string): Place {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, collectedAt, id] = FORM.exec(text) ?? [];
  const valid = collectedAt !== undefined && !Number.isNaN(Date.parse(collectedAt));
  if (!valid || id === undefined || encodeCursor({ collected_at: collectedAt, id }) !== cursor) {
    throw new AppError(
      'invalid_request',
      'cursor is not one of ours: take it unchanged from the Link header of the page before',
    );
  }
  return { collected_at: collectedAt, id };
}
