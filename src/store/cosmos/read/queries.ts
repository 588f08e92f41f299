import type { Query } from '../account.js';
import type { FollowedKind, Range } from './holding.js';

/** A partition, and a batch that is known of it. */
export interface Behind {
  partition: string;
  seq: number;
  /** When that was written, seconds since the epoch by the account's clock. */
  ts: number;
}

export const HEADS: Query = {
  text: `SELECT * FROM c WHERE c.kind = 'head'`,
  parameters: {},
  partition: null,
};

/** Gaps with them, of which there are few: they are neighbours in the index. */
export const HEADS_AND_GAPS: Query = {
  ...HEADS,
  text: `SELECT * FROM c WHERE c.kind = 'head' OR c.kind = 'gap'`,
};

/** `from` is a word of the language. */
const KEYS: Record<FollowedKind, string> = {
  ...{ day: 'c.day', hour: 'c.hour', titles: 'c["from"]', post: 'c.collected_at' },
};

/** The days of all subreddits: `from` ≤ day < `to`. */
export function daysIn(from: string, to: string): Query {
  return {
    text: `SELECT * FROM c WHERE c.kind = 'day' AND c.day >= @from AND c.day < @to`,
    parameters: { '@from': from, '@to': to },
    partition: null,
  };
}

/** Documents of all subreddits that are called the same in each. */
export function allCalled(ids: readonly string[]): Query {
  const names = ids.map((_, n) => `@id${n}`);
  return {
    text: `SELECT * FROM c WHERE c.id IN (${names.join(', ')})`,
    parameters: Object.fromEntries(ids.map((id, n) => [`@id${n}`, id])),
    partition: null,
  };
}

/** The account's clock may go back by so much when another replica takes over. */
const CLOCK_SLACK_S = 60;

/**
 * What was written in the ranges, in these partitions, after the batches that are known of them, and
 * posts of some time before. The time is there to find it by: what is derived is told by its `seq`.
 */
export function writtenSince(ranges: readonly Range[], behind: readonly Behind[]): Query {
  const { text, parameters } = rangesOf(ranges);
  const oldest = Math.min(...behind.map(({ ts }) => ts)) - CLOCK_SLACK_S;
  const since = behind.map(
    (_, n) => `(c.subreddit = @partition${n} AND (c.kind = 'post' OR c.seq > @seq${n}))`,
  );
  const values = behind.flatMap(({ partition, seq }, n): [string, unknown][] => [
    [`@partition${n}`, partition],
    [`@seq${n}`, seq],
  ]);
  const [first, second] = behind;
  return {
    text: `SELECT * FROM c WHERE c._ts >= @written AND (${text}) AND (${since.join(' OR ')})`,
    parameters: { ...parameters, '@written': oldest, ...Object.fromEntries(values) },
    partition: first !== undefined && second === undefined ? first.partition : null,
  };
}

function rangesOf(ranges: readonly Range[]): Pick<Query, 'text' | 'parameters'> {
  const texts = ranges.map(({ kind }, n) => {
    const key = KEYS[kind];
    return `(c.kind = '${kind}' AND ${key} >= @from${n} AND ${key} < @to${n})`;
  });
  const values = ranges.flatMap(({ from, to }, n): [string, unknown][] => [
    [`@from${n}`, from],
    [`@to${n}`, to],
  ]);
  return { text: texts.join(' OR '), parameters: Object.fromEntries(values) };
}
