import type { Clock } from '../clock.js';
import { type Line, readLines } from '../ndjson.js';
import { readDumpLine } from '../reddit/dump.js';
import type { Scorer } from '../scorer/scorer.js';
import type { ImportCounts, ImportProgress, ImportStore } from '../store/import-store.js';
import { assessComment, assessPost } from './assess.js';
import { importBuffer, type NewItem } from './import-buffer.js';
import { countSkipped, noCounts } from './import-counts.js';

/** Something to be imported. */
export interface ImportSource {
  /** As its user calls it. */
  name: string;
  /** Names content and options for resuming; null: it cannot be read twice. */
  key: string | null;
  /** Its text from the start. */
  open(): AsyncIterable<Uint8Array>;
}

export interface ImportOptions {
  /** Items are exempt from retention. */
  keepHistory: boolean;
  /** All times are shifted so that the newest item of all sources is now. */
  retime: boolean;
}

export interface ImportDeps {
  store: ImportStore;
  scorer: Scorer;
  clock: Clock;
  retentionDays: number;
  /** As configured: items get this spelling of their subreddit. */
  subreddits: readonly string[];
  /** A line that is not stored; called as it is found. */
  onSkip?: (source: string, line: number, reason: string) => void;
  /** Now and then: how far it is. */
  onProgress?: (report: SourceReport) => void;
}

export interface SourceReport {
  file: string;
  /** Read up to here, the lines of earlier runs included. */
  lines: number;
  /** Lines that an interrupted run had stored before this one; counts include it. */
  resumed_after: number;
  counts: ImportCounts;
  /** Why reading ended before the end; what was read is stored. */
  error: string | null;
  finished: boolean;
}

/** From one record of progress to the next; all that is held is stored before it. */
const CHECKPOINT_LINES = 4000;
/** So much text is held at most, apart from one line. */
const CHECKPOINT_BYTES = 32 * 1024 * 1024;
const PROGRESS_LINES = 500;
/** As in listing.ts: a broken timestamp, or a clock of ours that is slow. */
const FUTURE_TOLERANCE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;
const RETIMED_TOLERANCE_MS = 366 * DAY_MS;

/**
 * Stores what one source holds from where `record` ends. When the source fails or `signal`
 * aborts, everything read before is stored, and a record of it.
 *
 * @throws AppError as ImportStore does.
 */
export async function importSource(
  source: ImportSource,
  record: ImportProgress | null,
  run: { keepHistory: boolean; shiftMs: number | null },
  deps: ImportDeps,
  signal: AbortSignal,
): Promise<SourceReport> {
  const counts = structuredClone(record?.counts ?? noCounts());
  const report: SourceReport = {
    ...{ file: source.name, lines: record?.lines ?? 0, resumed_after: record?.lines ?? 0 },
    ...{ counts, error: null, finished: false },
  };
  const buffer = importBuffer(deps.store, run.keepHistory, counts);
  const checkpoint = async () => {
    await buffer.flush();
    await saveRecord(source, report, run.shiftMs, deps);
  };
  const lines = readLines(source.open());
  let saved = report.lines;
  try {
    while (!signal.aborted) {
      const line = await nextLine(lines, report, signal);
      if (line === null) break;
      if (line.number <= report.resumed_after) continue;
      const judged = judge(line, run, deps);
      if (judged !== null && 'reason' in judged) {
        countSkipped(counts, judged.reason, line.number);
        deps.onSkip?.(source.name, line.number, judged.reason);
      } else if (judged !== null) await buffer.add(judged, line.text?.length ?? 0);
      report.lines = line.number;
      if (line.number % PROGRESS_LINES === 0) deps.onProgress?.(report);
      if (line.number - saved >= CHECKPOINT_LINES || buffer.bytes() > CHECKPOINT_BYTES) {
        await checkpoint();
        saved = line.number;
      }
    }
  } finally {
    await lines.return(undefined);
  }
  await checkpoint();
  return report;
}

/** Null at the end, which is noted in `report` together with what brought it about. */
async function nextLine(
  lines: AsyncGenerator<Line>,
  report: SourceReport,
  signal: AbortSignal,
): Promise<Line | null> {
  try {
    const next = await lines.next();
    if (next.done !== true) return next.value;
    report.finished = true;
  } catch (error) {
    // A source that waits for input is torn away from it: an end, but no fault of its own.
    if (!signal.aborted) report.error = error instanceof Error ? error.message : String(error);
  }
  return null;
}

/** The item of a line, why there is none, or null for a blank line. */
function judge(
  { text }: Line,
  { keepHistory, shiftMs }: { keepHistory: boolean; shiftMs: number | null },
  { clock, scorer, retentionDays, subreddits }: ImportDeps,
): NewItem | { reason: string } | null {
  if (text === null) return { reason: 'line_too_long' };
  if (text.trim() === '') return null;
  const thing = readDumpLine(text);
  if ('reason' in thing) return thing;
  const raw = 'post' in thing ? thing.post : thing.comment;
  const nowMs = clock.now();
  const statedMs = raw.created_utc * 1000;
  const createdMs = statedMs + (shiftMs ?? 0);
  if (createdMs > nowMs + FUTURE_TOLERANCE_MS || isBrokenTime(statedMs, nowMs)) {
    return { reason: 'created_in_future' };
  }
  if (!keepHistory && createdMs < nowMs - retentionDays * DAY_MS) {
    return { reason: 'past_retention' };
  }
  const created_utc = createdMs / 1000;
  const named = raw.subreddit.toLowerCase();
  const subreddit = subreddits.find((name) => name.toLowerCase() === named) ?? raw.subreddit;
  return 'post' in thing
    ? { post: assessPost({ ...thing.post, created_utc }, subreddit, scorer) }
    : { comment: assessComment({ ...thing.comment, created_utc }, subreddit, scorer) };
}

/**
 * Retiming takes a dump that is ahead of our clock back to now. Years ahead is no dump but a
 * broken line, and shifting all the others by it would put them out of the retention.
 */
export function isBrokenTime(statedMs: number, nowMs: number): boolean {
  return statedMs > nowMs + RETIMED_TOLERANCE_MS;
}

/** Writes down how far a source has been stored; one without key has no record. */
export async function saveRecord(
  source: ImportSource,
  { lines, counts, finished }: Pick<ImportProgress, 'lines' | 'counts' | 'finished'>,
  shiftMs: number | null,
  { store }: Pick<ImportDeps, 'store'>,
): Promise<void> {
  if (source.key === null) return;
  const { key, name: file } = source;
  await store.saveImport({ key, file, lines, shift_ms: shiftMs, counts, finished });
}
