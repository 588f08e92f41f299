import type { Cycle } from '../../domain/cycle.js';
import type { IsoTime, Kind, NewComment, NewPost } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';
import type { HourPlace } from '../keep-store.js';
import type {
  HeldHoursQuery,
  HeldItem,
  HeldRecords,
  HeldSubreddit,
  MoveStore,
} from '../move-store.js';
import type { Connection } from './connection.js';
import { nextHour } from './counts.js';
import { putCycle } from './cycles.js';
import { all, bumpDataVersion, type Db, one, run } from './db.js';
import { readGaps } from './gaps.js';
import { putItem, tableOf } from './items.js';
import { MovedHours } from './moved-hours.js';
import { putRecords, readRecords } from './move-records.js';
import { putPause } from './pause.js';
import { type CommentRow, type PostRow, toItem } from './rows.js';
import { completeSubreddit, readWatermarks } from './subreddits.js';

/** Everything, to be carried to another store or put here from one; on one connection. */
export function sqliteMove(connection: Connection): MoveStore {
  return {
    heldSubreddits: async () => connection.read('heldSubreddits', heldSubreddits),
    heldHours: async (query) => connection.read('heldHours', (db) => heldHours(db, query)),
    heldItems: async (place) => connection.read('heldItems', (db) => heldItems(db, place)),
    heldRecords: async () => connection.read('heldRecords', readRecords),
    heldCount: async (since) => connection.read('heldCount', (db) => heldCount(db, since)),
    putSubreddit: async (subreddit) =>
      connection.write('putSubreddit', (db) => putSubreddit(db, subreddit)),
    putItems: async (place, items) =>
      connection.write('putItems', (db) => putItems(db, place, items)),
    putCycles: async (cycles) => connection.write('putCycles', (db) => putCycles(db, cycles)),
    putRecords: async (records: HeldRecords) =>
      connection.write('putRecords', (db) => putRecords(db, records)),
    putPause: async (pause) => connection.write('putPause', (db) => putPause(db, pause)),
  };
}

const KINDS = ['post', 'comment'] as const;
/** Every item is in one of the two indexes by `created_utc`. */
const PARTS = ['excluded IS NULL', 'excluded IS NOT NULL'] as const;
/** More gaps than this of all subreddits are not kept for 90 days. */
const MOST_GAPS = 1_000_000;

function heldSubreddits(db: Db): HeldSubreddit[] {
  const gaps = readGaps(db, { limit: MOST_GAPS });
  // A first collection that died has left items and no row.
  const rows = all<Pick<HeldSubreddit, 'name' | 'state' | 'last_success_at'>>(
    db,
    `SELECT coalesce(s.name, held.name) AS name, coalesce(state, 'unknown') AS state, last_success_at
     FROM (
       SELECT subreddit AS name FROM posts UNION SELECT subreddit FROM comments
       UNION SELECT name FROM subreddits
     ) held LEFT JOIN subreddits s ON s.name = held.name ORDER BY lower(held.name)`,
  );
  return rows.map((row) => ({
    ...row,
    watermarks: readWatermarks(db, row.name),
    gaps: gaps
      .filter(({ subreddit }) => subreddit.toLowerCase() === row.name.toLowerCase())
      .map(({ subreddit: _, ...gap }) => gap),
  }));
}

const nextCreated = (kind: Kind, part: string) => `SELECT created_utc FROM ${tableOf(kind)}
  WHERE ${part} AND subreddit = ? AND created_utc >= ? ORDER BY created_utc LIMIT 1`;

function heldHours(db: Db, { subreddit, after, limit }: HeldHoursQuery): IsoTime[] {
  const hours: IsoTime[] = [];
  let from = after === null ? '' : nextHour(after);
  while (hours.length < limit) {
    const [first] = KINDS.flatMap((kind) =>
      PARTS.flatMap(
        (part) => one<{ created_utc: IsoTime }>(db, nextCreated(kind, part), subreddit, from) ?? [],
      ),
    )
      .map(({ created_utc }) => created_utc)
      .sort();
    if (first === undefined) break;
    hours.push(hourOf(first));
    from = nextHour(first);
  }
  return hours;
}

type HeldRow<Row> = Row & {
  keep_history: number;
  unreachable?: number;
  thread_read_at?: IsoTime | null;
};

function heldItems(db: Db, { subreddit, hour }: HourPlace): HeldItem[] {
  return KINDS.flatMap((kind) => {
    const rows = PARTS.flatMap((part) =>
      all<HeldRow<PostRow | CommentRow>>(
        db,
        `SELECT * FROM ${tableOf(kind)}
         WHERE ${part} AND subreddit = ? AND created_utc >= ? AND created_utc < ?`,
        ...[subreddit, hour, nextHour(hour)],
      ),
    );
    return rows.map(toHeld).sort((a, b) => (a.item.id < b.item.id ? -1 : 1));
  });
}

function toHeld(row: HeldRow<PostRow | CommentRow>): HeldItem {
  return {
    item: toItem(row),
    collected_at: row.collected_at,
    updated_at: row.updated_at,
    keep: row.keep_history === 1,
    unreachable: row.unreachable ?? 0,
    thread_read_at: row.thread_read_at ?? null,
  };
}

/** Those that are exempt are looked for among the old ones alone. */
function heldCount(db: Db, since: IsoTime): number {
  const counted = (kind: Kind, part: string) =>
    one<{ items: number }>(
      db,
      `SELECT (SELECT count(*) FROM ${tableOf(kind)} WHERE ${part} AND created_utc >= @since)
        + (SELECT count(*) FROM ${tableOf(kind)}
           WHERE ${part} AND created_utc < @since AND keep_history = 1) AS items`,
      { since },
    )?.items ?? 0;
  return KINDS.flatMap((kind) => PARTS.map((part) => counted(kind, part))).reduce(
    (sum, items) => sum + items,
    0,
  );
}

function putSubreddit(db: Db, { name, state, last_success_at, watermarks, gaps }: HeldSubreddit) {
  completeSubreddit(db, name, { watermarks, state, gaps: [] }, last_success_at ?? '');
  run(db, 'UPDATE subreddits SET last_success_at = ? WHERE name = ?', last_success_at, name);
  for (const gap of gaps) {
    run(
      db,
      `INSERT INTO gaps (subreddit, kind, from_utc, to_utc, status, found_at, missing, settled_at)
       VALUES (@name, @kind, @from, @to, @status, @found_at, @missing, @settled_at)
       ON CONFLICT (subreddit, kind, from_utc, to_utc) DO UPDATE SET status = excluded.status,
         found_at = excluded.found_at, missing = excluded.missing, settled_at = excluded.settled_at`,
      { ...gap, name },
    );
  }
  bumpDataVersion(db);
}

/** To be run in an immediate transaction. */
function putItems(db: Db, { subreddit, hour }: HourPlace, items: readonly HeldItem[]): number {
  const stored = new Map(heldItems(db, { subreddit, hour }).map((held) => [keyOf(held), held]));
  const wanted = items.filter((held) => !isSame(stored.get(keyOf(held)), held));
  if (wanted.length === 0) return 0;
  const moved = new MovedHours();
  for (const held of wanted) {
    putItem(db, kindOf(held.item), held);
    moved.add(kindOf(held.item), held.item);
    if ('post_id' in held.item) moved.addThread(db, held.item.post_id);
  }
  moved.rebuild(db);
  const newest =
    wanted
      .map(({ collected_at }) => collected_at)
      .sort()
      .at(-1) ?? '';
  run(db, 'UPDATE meta SET last_collected_at = max(last_collected_at, ?)', newest);
  bumpDataVersion(db);
  return wanted.length;
}

const kindOf = (item: NewPost | NewComment): Kind => ('title' in item ? 'post' : 'comment');
const keyOf = ({ item }: HeldItem): string => `${kindOf(item)} ${item.id}`;

/** Both are made by the same code, so their fields come in the same order. */
function isSame(stored: HeldItem | undefined, wanted: HeldItem): boolean {
  return stored !== undefined && sorted(stored) === sorted(wanted);
}

function sorted(value: HeldItem): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

function putCycles(db: Db, cycles: readonly Cycle[]): void {
  for (const cycle of cycles) putCycle(db, cycle);
  bumpDataVersion(db);
}
