import { toIso } from '../clock.js';
import { AppError } from '../errors.js';

/** What is to be generated; with the texts at hand it decides everything. */
export interface Plan {
  days: number;
  /** In all, scale included. */
  posts: number;
  comments: number;
  seed: number;
  /** The end of the `days`, milliseconds since the epoch. */
  untilMs: number;
}

/** As the command line has them. */
export interface GivenOptions {
  days: string;
  posts: string;
  comments: string;
  scale: string;
  seed: string;
  until?: string | undefined;
}

/** More than any store here holds; a typing error rather than a wish. */
const MOST_ITEMS = 1_000_000_000;
const LARGEST_SEED = 2 ** 32 - 1;

/**
 * @param retentionDays older items would be removed at once.
 * @throws AppError `invalid_request` that says what would be right.
 */
export function planOf(given: GivenOptions, nowMs: number, retentionDays: number): Plan {
  const days = whole('days', given.days, 1, 36_500);
  if (days > retentionDays) {
    throw wrong(
      `--days ${days} is more than DATA_RETENTION_DAYS keeps (${retentionDays})`,
      `give --days 1 to ${retentionDays}, or raise DATA_RETENTION_DAYS`,
    );
  }
  const scale = scaleOf(given.scale);
  const posts = scaled('posts', given.posts, scale);
  const comments = scaled('comments', given.comments, scale);
  if (posts + comments === 0) {
    throw wrong('Nothing is to be generated', 'give --posts or --comments more than 0');
  }
  const seed = whole('seed', given.seed, 0, LARGEST_SEED);
  return { days, posts, comments, seed, untilMs: untilOf(given.until, nowMs) };
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw wrong(`--${name} ${text} is not accepted`, `give a whole number from ${least} to ${most}`);
}

function scaleOf(text: string): number {
  const value = /^\d{0,6}(\.\d{1,6})?$/.test(text) && text !== '' ? Number(text) : 0;
  if (value > 0) return value;
  throw wrong(`--scale ${text} is not accepted`, 'give a number above 0, such as 0.1 or 10');
}

function scaled(name: string, text: string, scale: number): number {
  const count = Math.round(whole(name, text, 0, MOST_ITEMS) * scale);
  if (count <= MOST_ITEMS) return count;
  throw wrong(
    `--${name} ${text} times --scale ${scale} is ${count}`,
    `give numbers whose product is at most ${MOST_ITEMS}`,
  );
}

const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/;
const FIRST_MS = Date.parse('2010-01-01T00:00:00Z');

function untilOf(text: string | undefined, nowMs: number): number {
  if (text === undefined) return nowMs;
  const ms = ISO.test(text) ? Date.parse(text) : Number.NaN;
  if (ms >= FIRST_MS && ms <= nowMs) return ms;
  throw wrong(
    `--until ${text} is not accepted`,
    `give a time in UTC between 2010 and now, such as ${toIso(nowMs)}`,
  );
}

function wrong(message: string, cure: string): AppError {
  return new AppError('invalid_request', message, { cure });
}
