import { readLines } from '../ndjson.js';
import { readDumpLine } from '../reddit/dump.js';
import type { ImportProgress, ImportStore } from '../store/import-store.js';
import { noCounts } from './import-counts.js';
import {
  type ImportDeps,
  type ImportOptions,
  type ImportSource,
  importSource,
  isBrokenTime,
  saveRecord,
  type SourceReport,
} from './import-source.js';

export interface ImportReport {
  files: SourceReport[];
  shift_ms: number | null;
  interrupted: boolean;
}

/**
 * Stores the posts and comments of dumps, one source after the other. Everything that was
 * read before the signal, a failing source or a failing store is stored or found again: a
 * repeated run goes on after the last record of progress, and stores nothing twice.
 *
 * @throws AppError as ImportStore does; a source that fails says so in its report.
 */
export async function importDumps(
  sources: readonly ImportSource[],
  options: ImportOptions,
  deps: ImportDeps,
  signal: AbortSignal,
): Promise<ImportReport> {
  const records = await readRecords(sources, deps.store);
  const shiftMs = options.retime ? await retimeShift(sources, records, deps, signal) : null;
  if (signal.aborted) return { files: [], shift_ms: null, interrupted: true };
  const report: ImportReport = { files: [], shift_ms: shiftMs, interrupted: false };
  if (shiftMs !== null) {
    // Before anything is stored, so that whenever we die the rest is shifted by the same.
    for (const [source, record] of records) {
      if (record !== null) continue;
      await saveRecord(source, { lines: 0, counts: noCounts(), finished: false }, shiftMs, deps);
    }
  }
  for (const source of sources) {
    const record = records.get(source) ?? null;
    const run = { keepHistory: options.keepHistory, shiftMs };
    const file = await importSource(source, record, run, deps, signal);
    report.files.push(file);
    report.interrupted = signal.aborted && !file.finished && file.error === null;
    if (report.interrupted) break;
  }
  return report;
}

type Records = Map<ImportSource, ImportProgress | null>;

/** What interrupted runs left; a finished one is nothing to go on with. */
async function readRecords(sources: readonly ImportSource[], store: ImportStore): Promise<Records> {
  const records: Records = new Map();
  for (const source of sources) {
    const found = source.key === null ? null : await store.importProgress(source.key);
    records.set(source, found === null || found.finished ? null : found);
  }
  return records;
}

/** The shift of the run that is resumed, or one that brings the newest item to this second. */
async function retimeShift(
  sources: readonly ImportSource[],
  records: Records,
  { clock }: ImportDeps,
  signal: AbortSignal,
): Promise<number> {
  for (const record of records.values()) {
    if (record !== null && record.shift_ms !== null) return record.shift_ms;
  }
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const source of sources) {
    newestMs = Math.max(newestMs, await newestOf(source, clock.now(), signal));
  }
  if (newestMs === Number.NEGATIVE_INFINITY) return 0;
  return Math.floor((clock.now() - newestMs) / 1000) * 1000; // whole seconds, as Reddit's
}

async function newestOf(source: ImportSource, nowMs: number, signal: AbortSignal): Promise<number> {
  let newestMs = Number.NEGATIVE_INFINITY;
  try {
    for await (const { text } of readLines(source.open())) {
      if (signal.aborted) break;
      const thing = readDumpLine(text ?? '');
      if ('reason' in thing) continue;
      const { created_utc } = 'post' in thing ? thing.post : thing.comment;
      const createdMs = created_utc * 1000;
      if (!isBrokenTime(createdMs, nowMs)) newestMs = Math.max(newestMs, createdMs);
    }
  } catch {
    // Reading it again for its items fails at the same place, and is reported then.
  }
  return newestMs;
}
