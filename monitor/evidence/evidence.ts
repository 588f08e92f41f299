import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, toIso } from '../../src/clock.js';
import { createFolder } from '../../src/folder.js';
import type { Log } from '../../src/log.js';
import type { Findings } from '../act.js';
import { type Autopsy, autopsy } from './autopsy.js';
import type { MemorySeries } from '../rules/leak.js';

export interface EvidenceOptions {
  /** MONITOR_STATE_DIR: the files lie in `evidence` below it. */
  folder: string;
  incident: string;
  /** PM2's name of what is about to be restarted. */
  process: string;
  /** Its processes, with the names (src/holder.ts) they had when they were found in trouble. */
  targets: { pid: number; holder: string }[];
  /** Whether it gives no answer: only then it is asked where it hangs. */
  hung: boolean;
  series: MemorySeries | null;
  /** Of the disk that has the folder; null when it is not known. */
  freeMb: number | null;
  clock: Clock;
  log: Log;
}

const MIN_FREE_MB = 200;
const MAX_BYTES = 64 * 1024;
const MAX_FILES = 20;
/** Workers of a cluster share one debugger port, so they are asked in turn, and only so many. */
const MAX_AUTOPSIES = 2;
const MINUTE_MS = 60_000;

/**
 * What can be known of a process only before it is restarted: where it hangs and how its memory
 * went. Kept as one file, whole or not at all, of at most 64 KB, the newest 20. Never throws:
 * a restart must not fail for want of evidence.
 *
 * @returns what was found, in words for the journal, and the place for the alert
 */
export async function collectEvidence(options: EvidenceOptions): Promise<Findings> {
  const { clock, log, series, freeMb, folder } = options;
  const found: { pid: number; autopsy: Autopsy }[] = [];
  if (options.hung) {
    for (const { pid, holder } of options.targets.slice(0, MAX_AUTOPSIES)) {
      found.push({ pid, autopsy: await autopsy(pid, { clock, holder }) });
    }
  }
  const autopsies = found.map((one) => one.autopsy);
  const words = [...inWords(autopsies), ...growth(series)];
  try {
    if (freeMb !== null && freeMb < MIN_FREE_MB) {
      words.push(`no evidence file: ${Math.floor(freeMb)} MB of disk are free`);
    } else {
      const name = await keep(join(folder, 'evidence'), options, found);
      log.info({ incident: options.incident, file: name }, 'evidence kept');
    }
  } catch (error) {
    log.warn({ err: error, folder }, 'evidence could not be kept');
    words.push('no evidence file: the folder cannot be written');
  }
  const hung = autopsies.find((one) => one.kind === 'hung_in');
  return { place: hung?.place ?? null, text: words.join('; ') };
}

function inWords(autopsies: Autopsy[]): string[] {
  const hung = autopsies.find((one) => one.kind === 'hung_in');
  if (hung !== undefined) return [`hung in ${hung.place}`];
  const unknown = autopsies.find((one) => one.kind === 'unknown');
  if (unknown !== undefined) return [`where it hangs is not known: ${unknown.why}`];
  return autopsies.length === 0 ? [] : ['its event loop turns'];
}

function growth(series: MemorySeries | null): string[] {
  const first = series?.minutes[0];
  const last = series?.minutes.at(-1);
  if (first === undefined || last === undefined) return [];
  const minutes = Math.round((last.at - first.at) / MINUTE_MS);
  if (minutes < 1) return [];
  return [`memory ${Math.round(first.mb)} to ${Math.round(last.highMb)} MB in ${minutes} minutes`];
}

/** @throws the file system's error */
async function keep(
  folder: string,
  { incident, process, series, clock }: EvidenceOptions,
  found: { pid: number; autopsy: Autopsy }[],
): Promise<string> {
  const time = toIso(clock.now());
  const stamp = time.replace(/[-:]/g, '').replace(/\.\d+Z$/, 'Z');
  // What names files comes from our own ids, yet a name must not lead out of the folder.
  const name = `${stamp}_${incident.replace(/[^\w.-]/g, '_').slice(0, 80)}.json`;
  const autopsies = found.map(({ pid, autopsy: one }) => ({ pid, ...one }));
  const now = clock.monotonic();
  const rows = (spans: MemorySeries['minutes']) =>
    spans.map(({ at, mb, highMb }) => [Math.round((now - at) / MINUTE_MS), mb, highMb]);
  const memory =
    series === null
      ? null
      : {
          columns: ['minutes_ago', 'low_mb', 'high_mb'],
          minutes: rows(series.minutes),
          ten_minutes: rows(series.tens),
          fallen_from_mb: series.fallenFromMb,
        };
  const text = `${JSON.stringify({ version: 1, time, incident, process, autopsies, memory })}\n`;
  if (Buffer.byteLength(text) > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`);
  createFolder(folder);
  const draft = join(folder, 'evidence.tmp');
  try {
    await writeFile(draft, text, { mode: 0o600, flush: true });
    await rename(draft, join(folder, name));
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  const names = (await readdir(folder)).filter((one) => one.endsWith('.json')).sort();
  for (const old of names.slice(0, -MAX_FILES)) await rm(join(folder, old), { force: true });
  return name;
}
