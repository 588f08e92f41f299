import { createHash } from 'node:crypto';
import { AppError } from '../errors.js';

/**
 * What a list was asked for: the route and every parameter that decides which entries it has.
 * Not the size of a page, which may change from one page to the next.
 */
export type Question = readonly (string | number | undefined)[];

/** Makes and reads the cursors of one list. */
export interface Cursors<Place> {
  encode(place: Place, question: Question): string;
  /** @throws AppError `invalid_request` for anything that `encode` did not make for the question. */
  decode(cursor: string, question: Question): Place;
}

/** A time as we write it; that it is one is looked at apart. */
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** Reddit's id of a post or comment. */
export const ITEM_ID = /^[A-Za-z0-9]{1,16}$/;

const SEPARATOR = '/';
const TAG_LENGTH = 8;

/**
 * A cursor is the base64url of a tag of the question and of the fields of a place, in the order
 * of `forms`. It is opaque, bounded by the forms, and no secret: whoever makes one up by the
 * rules sees what the route shows anyway.
 *
 * @param forms what each field must look like; none may take a slash
 */
export function cursorsOf<Place extends object>(
  forms: Record<keyof Place & string, RegExp>,
): Cursors<Place> {
  const fields = Object.entries<RegExp>(forms);
  return {
    encode(place, question) {
      const values = place as Record<string, string>;
      return pack([tagOf(question), ...fields.map(([name]) => values[name] ?? '')]);
    },
    decode(cursor, question) {
      const parts = Buffer.from(cursor, 'base64url').toString().split(SEPARATOR);
      const [tag = '', ...values] = parts;
      const valid =
        tag.length === TAG_LENGTH &&
        values.length === fields.length &&
        fields.every(([, form], at) => fits(values[at] ?? '', form)) &&
        pack(parts) === cursor; // neither padding nor bytes that were lost on the way
      if (!valid) {
        throw new AppError(
          'invalid_request',
          'cursor is not one of ours: take it unchanged from the Link header of the page before',
        );
      }
      if (tag !== tagOf(question)) {
        throw new AppError(
          'invalid_request',
          'cursor belongs to another list: repeat the path and parameters of the page it came ' +
            'from (only limit may differ), or leave cursor out to begin anew',
        );
      }
      return Object.fromEntries(fields.map(([name], at) => [name, values[at]])) as Place;
    },
  };
}

function fits(value: string, form: RegExp): boolean {
  return form.test(value) && (form !== TIME || isTime(value));
}

/** Rules out the 30th of February, too. */
function isTime(text: string): boolean {
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === text;
}

function pack(parts: string[]): string {
  return Buffer.from(parts.join(SEPARATOR)).toString('base64url');
}

/** Tells questions apart; nothing more is asked of it. */
function tagOf(question: Question): string {
  const text = JSON.stringify(question.map((part) => part ?? null));
  return createHash('sha256').update(text).digest('base64url').slice(0, TAG_LENGTH);
}
