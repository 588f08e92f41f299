import type { Query } from '../account.js';
import type { DerivedKind, DerivedRange } from './holding.js';

/** A partition and what is known of it: what was written since has a greater `seq`. */
export interface Behind {
  partition: string;
  seq: number;
}

export const HEADS: Query = {
  text: `SELECT * FROM c WHERE c.kind = 'head'`,
  parameters: {},
  partition: null,
};

/** `from` is a word of the language. */
const KEYS: Record<DerivedKind, string> = { day: 'c.day', hour: 'c.hour', titles: 'c["from"]' };

/** Everything derived in the ranges, of all subreddits. */
export function derivedIn(ranges: readonly DerivedRange[]): Query {
  const { text, parameters } = conditionOf(ranges);
  return { text: `SELECT * FROM c WHERE ${text}`, parameters, partition: null };
}

/** Of that, what was written since, in these partitions. */
export function derivedSince(ranges: readonly DerivedRange[], behind: readonly Behind[]): Query {
  const { text, parameters } = conditionOf(ranges);
  const since = behind.map((_, n) => `(c.subreddit = @partition${n} AND c.seq > @seq${n})`);
  const values = behind.flatMap(({ partition, seq }, n) => [
    [`@partition${n}`, partition],
    [`@seq${n}`, seq],
  ]);
  const [first, second] = behind;
  return {
    text: `SELECT * FROM c WHERE (${since.join(' OR ')}) AND ${text}`,
    parameters: { ...parameters, ...Object.fromEntries(values) },
    partition: first !== undefined && second === undefined ? first.partition : null,
  };
}

function conditionOf(ranges: readonly DerivedRange[]): Pick<Query, 'text' | 'parameters'> {
  const texts = ranges.map(({ kind }, n) => {
    const key = KEYS[kind];
    return `(c.kind = '${kind}' AND ${key} >= @from${n} AND ${key} < @to${n})`;
  });
  const values = ranges.flatMap(({ from, to }, n) => [
    [`@from${n}`, from],
    [`@to${n}`, to],
  ]);
  return { text: `(${texts.join(' OR ')})`, parameters: Object.fromEntries(values) };
}
