import { type FileHandle, open, readdir } from 'node:fs/promises';
import { AppError } from '../../src/errors.js';
import { readLines } from '../../src/ndjson.js';
import { asJournalEntry } from './checks.js';
import { journalPaths, MAX_LINE_BYTES } from './journal.js';
import type { JournalEntry } from './journal-entry.js';

/**
 * Every entry, oldest first, one line of the file in memory at a time. No folder or no journal is
 * no entry; lines that are none are told to `onBad` and left out.
 *
 * @throws AppError `config_invalid` for a folder or file that cannot be read.
 */
export async function* readJournal(
  folder: string,
  onBad: (line: string) => void = () => undefined,
): AsyncGenerator<JournalEntry> {
  await refuseUnreadable(folder);
  const { path, olderPath } = journalPaths(folder);
  // The newer one first: when it is put aside in between, it is the older one as well.
  const newer = await openIfThere(path);
  const older = await openIfThere(olderPath);
  try {
    const same = newer !== null && older !== null && (await sameFile(newer, older));
    if (older !== null && !same) yield* entriesOf(older, olderPath, onBad);
    if (newer !== null) yield* entriesOf(newer, path, onBad);
  } finally {
    await newer?.close();
    await older?.close();
  }
}

async function* entriesOf(
  file: FileHandle,
  path: string,
  onBad: (line: string) => void,
): AsyncGenerator<JournalEntry> {
  const bytes = file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>;
  for await (const { number, text } of readLines(bytes, 2 * MAX_LINE_BYTES)) {
    if (text === '') continue;
    const entry = text === null ? null : parseEntry(text);
    if (entry === null) onBad(`${path} line ${number}`);
    else yield entry;
  }
}

/** The entry that a line holds; null when it holds none. */
export function parseEntry(text: string): JournalEntry | null {
  try {
    return asJournalEntry(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Found out before, for a missing file in an unreadable folder would look like no file. */
async function refuseUnreadable(folder: string): Promise<void> {
  try {
    await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(folder, error);
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new AppError('config_invalid', `${path} cannot be read (${code})`, {
    cause: error,
    cure: 'run it as the user that the monitor runs as, with the same MONITOR_STATE_DIR',
  });
}

async function sameFile(one: FileHandle, other: FileHandle): Promise<boolean> {
  const [a, b] = await Promise.all([one.stat(), other.stat()]);
  return a.ino === b.ino && a.dev === b.dev;
}
