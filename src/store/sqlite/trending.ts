import { namesOf } from '../../trending/names.js';
import { toEnd } from '../../trending/steps.js';
import { topicsOf } from '../../trending/topics.js';
import type { TimeWindow, Trending, TrendingQuery } from '../store.js';
import { all, type Db, readMeta } from './db.js';
import { readTerms, titleOf } from './post-terms.js';

/** To be run on one snapshot. */
export function trending(db: Db, query: TrendingQuery): Trending {
  const { window, baseline, subreddit, limit } = query;
  const known = all<{ name: string }>(db, 'SELECT name FROM subreddits').map(({ name }) => name);
  const steps = topicsOf(
    [...readTerms(db, window, subreddit)],
    readTerms(db, baseline, subreddit),
    {
      window: inMs(window),
      baseline: inMs(baseline),
      names: namesOf([...query.names, ...known]),
      ...(subreddit === undefined ? {} : { subreddit }),
      limit,
      titleOf: (id) => titleOf(db, id),
    },
  );
  const topics = toEnd(steps);
  return { data_version: readMeta(db).data_version, topics };
}

function inMs({ from, to }: TimeWindow): { fromMs: number; toMs: number } {
  return { fromMs: Date.parse(from), toMs: Date.parse(to) };
}
