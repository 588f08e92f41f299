import { existsSync, readFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { assessComment, assessPost } from '../../src/collect/assess.js';
import type { GapRecord } from '../../src/domain/cycle.js';
import type { Kind, NewComment, NewPost } from '../../src/domain/item.js';
import type { RedditComment, RedditPost } from '../../src/reddit/schemas.js';
import { createLexiconScorer } from '../../src/scorer/lexicon.js';
import type { TruthItem } from '../../src/simulator/world.js';
import { HOUR_MS, markOf, type Week } from './week.js';

export interface WeekReport {
  /** Alive, and seen for long enough to be stored. */
  due: number;
  stored: number;
  gone: number;
  gaps: GapRecord[];
  /** Items that are not stored because of a gap that says so. */
  covered: number;
  /** What must not be, in words; empty when the store equals the truth. */
  differences: string[];
}

/** Edits and deletions may go unnoticed this long. */
const PATIENCE_MS = 48 * HOUR_MS;
/** A page may be this old. */
const STALE_MS = 2 * 60_000;
const GONE = ['[deleted]', '[removed]'];
/** All but votes, which are as last refreshed. */
const SETTLED = ['subreddit', 'author', 'permalink', 'created_utc', 'excluded'];
/** What an edit changes. */
const TEXT = ['title', 'content', 'edited_at', 'label', 'score'];

type Row = Record<string, string | number | null>;

interface Known extends TruthItem {
  kind: Kind;
  subreddit: string;
  createdMs: number;
  row: Row | undefined;
}

/** Holds the store against the world's truth. */
export async function compareWeek(week: Week): Promise<WeekReport> {
  const { store } = week;
  const rows = storedRows(week.path);
  const known = knownItems(week, rows);
  const gaps = await store.gaps({ limit: 1000 });
  const absent = known.filter((item) => item.row === undefined && isDue(item, week));
  const unknown = unknownThreads(known);
  const uncovered = absent.filter((item) => {
    const hidden = unknown.has(String(item.data.link_id));
    return !gaps.some((gap) => isIn(gap, item) && (gap.status !== 'closed' || hidden));
  });
  const names = new Set(known.map(({ data }) => data.name));
  const strangers = [...rows.keys()].filter((name) => !names.has(name));
  const differences = [
    ...strangers.map((name) => `${name} is stored and never was`),
    ...uncovered.map((item) => `${shown(item)} is not stored, and no gap says so`),
    ...known.flatMap((item) => itemDifferences(item, week)),
    ...gaps.flatMap((gap) => gapDifferences(gap, known)),
    ...cycleDifferences(week),
    ...countDifferences(known, week.path),
    ...byteDifferences(known, week),
  ];
  const report = await store.verify({ repair: false });
  for (const difference of report.differences) {
    differences.push(`verify: ${JSON.stringify(difference)}`);
  }
  return {
    due: known.filter((item) => isDue(item, week)).length,
    stored: rows.size,
    gone: known.filter(({ goneMs }) => goneMs !== null).length,
    gaps,
    covered: absent.length - uncovered.length,
    differences,
  };
}

/** By fullname, read past our own code. */
function storedRows(path: string): Map<string, Row> {
  return withDatabase(path, (db) => {
    const all = (table: string) => db.prepare(`SELECT * FROM ${table}`).all() as Row[];
    return new Map([
      ...all('posts').map((row): [string, Row] => [`t3_${row.id}`, row]),
      ...all('comments').map((row): [string, Row] => [`t1_${row.id}`, row]),
    ]);
  });
}

function withDatabase<T>(path: string, read: (db: Database.Database) => T): T {
  const db = new Database(path, { readonly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

function knownItems({ world }: Week, rows: ReadonlyMap<string, Row>): Known[] {
  const known = (kind: Kind) => (item: TruthItem) => ({
    ...item,
    kind,
    subreddit: String(item.data.subreddit),
    createdMs: Number(item.data.created_utc) * 1000,
    row: rows.get(item.data.name),
  });
  const { posts, comments } = world.truth();
  return [...posts.map(known('post')), ...comments.map(known('comment'))];
}

/** Alive, and there when its subreddit was last read. */
function isDue({ goneMs, visibleMs, subreddit }: Known, { lastRead }: Week): boolean {
  const readMs = lastRead.get(subreddit.toLowerCase()) ?? 0;
  return goneMs === null && visibleMs + STALE_MS <= readMs;
}

/**
 * Posts that were deleted before anybody saw them, and of which no stored comment tells: what was
 * written below them in a gap cannot be known of.
 */
function unknownThreads(known: readonly Known[]): Set<string> {
  const threads = new Set<string>();
  for (const { kind, goneMs, row, data } of known) {
    if (kind === 'post' && goneMs !== null && row === undefined) threads.add(data.name);
  }
  for (const { kind, row, data } of known) {
    if (kind === 'comment' && row !== undefined) threads.delete(String(data.link_id));
  }
  return threads;
}

/** Also what was made just before and was late, so that the cycle before the gap could not see it. */
function isIn(gap: GapRecord, { kind, subreddit, createdMs, visibleMs }: Known): boolean {
  return (
    gap.kind === kind &&
    gap.subreddit.toLowerCase() === subreddit.toLowerCase() &&
    Date.parse(gap.from) <= visibleMs &&
    createdMs <= Date.parse(gap.to)
  );
}

function shown({ data, kind, subreddit, createdMs, visibleMs, goneMs }: Known): string {
  const times = [createdMs, visibleMs, goneMs].map((ms) =>
    ms === null ? 'never' : new Date(ms).toISOString(),
  );
  const thread = kind === 'comment' ? ` in ${String(data.link_id)}` : '';
  return `${data.name} of ${subreddit}${thread} (made ${times[0]}, seen ${times[1]}, gone ${times[2]})`;
}

function itemDifferences(item: Known, week: Week): string[] {
  const { row, goneMs } = item;
  if (row === undefined) return [];
  if (goneMs !== null) {
    return goneMs > week.endMs - PATIENCE_MS || isBlank(item.kind, row)
      ? []
      : [`${shown(item)} still has ${row.author} and ${text(row.content)}`];
  }
  const editedMs = typeof item.data.edited === 'number' ? item.data.edited * 1000 : 0;
  const columns = editedMs > week.endMs - PATIENCE_MS ? SETTLED : [...SETTLED, ...TEXT];
  const due = rowOf(item);
  return columns
    .filter((column) => column in row && row[column] !== due[column])
    .map((column) => `${shown(item)}: ${column} is ${text(row[column])}, not ${text(due[column])}`);
}

function isBlank(kind: Kind, row: Row): boolean {
  const texts = kind === 'post' ? [row.content, row.title] : [row.content];
  return (
    row.author === '[deleted]' &&
    texts.every((one) => GONE.includes(String(one))) &&
    ['deleted', 'removed'].includes(String(row.excluded))
  );
}

/** As it would be stored now. */
function rowOf({ kind, data, subreddit }: Known): Row {
  const item: NewPost | NewComment =
    kind === 'post'
      ? assessPost(data as unknown as RedditPost, subreddit, SCORER)
      : assessComment(data as unknown as RedditComment, subreddit, SCORER);
  const { sentiment, ...content } = item;
  return { ...content, ...sentiment };
}

const SCORER = createLexiconScorer();

function text(value: unknown): string {
  return JSON.stringify(value ?? null).slice(0, 80);
}

/** A gap must be one: something of it was missed when it was found. And what is closed lacks nothing. */
function gapDifferences(gap: GapRecord, known: readonly Known[]): string[] {
  const differences: string[] = [];
  const missed = known.some(
    (item) =>
      isIn(gap, item) && (item.row === undefined || String(item.row.collected_at) >= gap.found_at),
  );
  const says = `the gap ${JSON.stringify(gap)}`;
  if (!missed) differences.push(`${says} is none: nothing was missed`);
  if (gap.status === 'closed' && gap.missing !== 0) differences.push(`${says} is closed`);
  // Comments of lost posts are counted by nobody.
  if (gap.status === 'lost' && gap.missing === 0) differences.push(`${says} lacks nothing`);
  return differences;
}

/** Only the outages of Reddit are errors. */
function cycleDifferences({ cycles, away }: Week): string[] {
  return cycles
    .filter(({ started_at, status, errors }) => {
      const fails = status !== 'succeeded' || errors.length > 0;
      return fails !== away(Date.parse(started_at));
    })
    .map(({ id, started_at, status, errors }) => {
      return `${id} of ${started_at} ${status}: ${JSON.stringify(errors)}`;
    });
}

/** Each item once, and nothing that has been gone for long. */
function countDifferences(known: readonly Known[], path: string): string[] {
  const counted = known.filter(({ row }) => row !== undefined && row.excluded === null).length;
  const sql = 'SELECT coalesce(sum(posts + comments), 0) FROM rollups_hourly';
  const rolledUp = withDatabase(path, (db) => db.prepare(sql).pluck().get() as number);
  return counted === rolledUp ? [] : [`rollups count ${rolledUp} items, ${counted} are stored`];
}

/** Nothing of what has been gone for long is in any byte of the files. */
function byteDifferences(known: readonly Known[], { path, endMs, compacted }: Week): string[] {
  if (!compacted) return ['the store was not compacted'];
  const present = new Set<string>();
  for (const file of [path, `${path}-wal`]) {
    if (!existsSync(file)) continue;
    for (const [mark] of readFileSync(file, 'latin1').matchAll(/mark[0-9a-z]+x[0-9a-z]+/g)) {
      present.add(mark);
    }
  }
  const differences = known
    .filter(({ goneMs }) => goneMs !== null && goneMs <= endMs - PATIENCE_MS)
    .filter(({ data }) => present.has(markOf(data.name)))
    .map((item) => `${shown(item)}: its text is in the files`);
  const alive = known.filter(
    ({ goneMs, row, kind }) => kind === 'comment' && goneMs === null && row !== undefined,
  );
  const found = alive.filter(({ data }) => present.has(markOf(data.name)));
  // Or the search would find nothing anywhere.
  return found.length > 0.9 * alive.length ? differences : ['living texts are not in the files'];
}
