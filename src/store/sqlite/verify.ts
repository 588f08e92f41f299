import type { IsoTime, Label } from '../../domain/item.js';
import {
  addCounts,
  type Counts,
  countsOf,
  NO_COUNTS,
  type Rollup,
  threadCounts,
} from '../../domain/rollup.js';
import type { VerifyDifference, VerifyReport } from '../store.js';
import { nextHour, writeRollup } from './counts.js';
import { keyOf, type Place, placeOf } from './place.js';
import { rebuildTerms } from './post-terms.js';
import { compareTerms } from './verify-terms.js';
import { all, bumpDataVersion, type Db, run, statement } from './db.js';

/** Hours repaired in one transaction: short enough for writers that wait. */
const REPAIR_BATCH = 50;
/** Items from one report of progress to the next. */
const PROGRESS_STEP = 20_000;

interface Snapshot extends Omit<VerifyReport, 'repaired' | 'differences'> {
  differences: (VerifyDifference & Place)[];
  /** What a repair has to write anew: the places of the differences, and stale terms. */
  toRepair: Place[];
}

type Rollups = Map<string, Rollup>;

/**
 * Recounts from the rows with the domain's own arithmetic, so that it shares neither SQL
 * nor index with the commit that it checks. To be run on one snapshot.
 */
export function compareAll(db: Db, onProgress: (items: number) => void): Snapshot {
  const recomputed: Rollups = new Map();
  let items = 0;
  for (const kind of ['post', 'comment'] as const) {
    const rows = statement(db, `${itemsOf(kind)} NOT INDEXED`).iterate() as Iterable<ItemRow>;
    for (const row of rows) {
      count(recomputed, kind, row);
      items += 1;
      if (items % PROGRESS_STEP === 0) onProgress(items);
    }
  }
  for (const row of statement(db, ALL_THREADS).iterate() as Iterable<ThreadRow>) {
    addThread(recomputed, row);
  }
  const stored: Rollups = new Map(
    all<Rollup>(db, 'SELECT * FROM rollups_hourly').map((rollup) => [keyOf(rollup), rollup]),
  );
  const { wrong, stale } = compareTerms(db);
  const wrongTerms = new Map(wrong.map((place) => [keyOf(place), place]));
  const keys = new Set([...stored.keys(), ...recomputed.keys(), ...wrongTerms.keys()]);
  const differences = [...keys].sort().flatMap((key) => {
    const rollups = { stored: stored.get(key) ?? null, recomputed: recomputed.get(key) ?? null };
    const terms = wrongTerms.get(key);
    const place = terms ?? rollups.stored ?? rollups.recomputed;
    if (place === null || (terms === undefined && areEqual(rollups))) return [];
    const { subreddit, hour } = place;
    return [{ subreddit, hour, ...rollups, wrong_terms: terms !== undefined }];
  });
  return {
    ...{ items, rollups: stored.size, differences, stale_terms: stale.length },
    toRepair: [...differences, ...stale],
  };
}

interface ItemRow {
  subreddit: string;
  created_utc: IsoTime;
  label: Label;
  score: number;
  excluded: string | null;
}

const itemsOf = (kind: 'post' | 'comment') =>
  `SELECT subreddit, created_utc, label, score, excluded FROM ${kind}s`;

/** `excluded IS NULL` lets SQLite take the index of counted items. */
export const countedOfHour = (kind: 'post' | 'comment') => `${itemsOf(kind)}
  WHERE excluded IS NULL AND subreddit = ? AND created_utc >= ? AND created_utc < ?`;

function count(rollups: Rollups, kind: 'post' | 'comment', row: ItemRow): void {
  if (row.excluded !== null) return;
  const place = placeOf(row);
  const before: Counts = rollups.get(keyOf(place)) ?? NO_COUNTS;
  const counts = addCounts(before, countsOf(kind, row.label, row.score, row.created_utc));
  rollups.set(keyOf(place), { ...place, ...counts } as Rollup);
}

interface ThreadRow {
  subreddit: string;
  created_utc: IsoTime;
  comment_count: number;
  unreachable: number;
  stored: number;
}

const THREAD = 'subreddit, created_utc, comment_count, unreachable';
/** Sorted by SQLite, which can use the disk: there are many posts. */
const ALL_THREADS = `SELECT ${THREAD}, coalesce(known, 0) AS stored FROM posts NOT INDEXED
  LEFT JOIN (SELECT post_id, count(*) AS known FROM comments NOT INDEXED GROUP BY post_id)
    ON post_id = id
  WHERE excluded IS NULL`;
const THREADS_OF_HOUR = `SELECT ${THREAD},
    (SELECT count(*) FROM comments WHERE post_id = posts.id) AS stored
  FROM posts WHERE excluded IS NULL AND subreddit = ? AND created_utc >= ? AND created_utc < ?`;

/** To be called when the posts are counted. */
function addThread(rollups: Rollups, row: ThreadRow): void {
  const key = keyOf(placeOf(row));
  const rollup = rollups.get(key);
  if (rollup === undefined) return;
  rollups.set(key, {
    ...rollup,
    ...addCounts(rollup, { ...NO_COUNTS, ...threadCounts(row) }),
  } as Rollup);
}

const COMPARED = [
  ...(['posts', 'comments', 'positive', 'negative', 'neutral'] as const),
  ...(['score_sum', 'thread_comments', 'thread_comments_stored', 'last_item_at'] as const),
];

function areEqual({ stored, recomputed }: Pick<VerifyDifference, 'stored' | 'recomputed'>) {
  if (stored === null || recomputed === null) return stored === recomputed;
  return COMPARED.every((name) => stored[name] === recomputed[name]);
}

/** The places in portions, each for one call of `repairSome`. */
export function portions(places: readonly Place[]): Place[][] {
  const count = Math.ceil(places.length / REPAIR_BATCH);
  return Array.from({ length: count }, (_, index) =>
    places.slice(index * REPAIR_BATCH, (index + 1) * REPAIR_BATCH),
  );
}

/** Recounts each hour anew, as it may have moved since. To be run in an immediate transaction. */
export function repairSome(db: Db, places: readonly Place[]): void {
  for (const { subreddit, hour } of places) {
    const recomputed: Rollups = new Map();
    for (const kind of ['post', 'comment'] as const) {
      for (const row of all<ItemRow>(db, countedOfHour(kind), subreddit, hour, nextHour(hour))) {
        count(recomputed, kind, row);
      }
    }
    for (const row of all<ThreadRow>(db, THREADS_OF_HOUR, subreddit, hour, nextHour(hour))) {
      addThread(recomputed, row);
    }
    const [right] = recomputed.values();
    if (right !== undefined) writeRollup(db, right);
    else run(db, 'DELETE FROM rollups_hourly WHERE hour = ? AND subreddit = ?', hour, subreddit);
    rebuildTerms(db, subreddit, hour);
  }
  bumpDataVersion(db);
}
