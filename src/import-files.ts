import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { fileBytes, fingerprint, pipeBytes, unpacked } from './bytes.js';
import type { ImportOptions, ImportSource } from './collect/import-source.js';
import { AppError } from './errors.js';

/**
 * What the names on an import's command line stand for: files, named pipes, `-` for standard
 * input. Files are keyed by their content, so that an interrupted import is known again;
 * what can be read only once has no key.
 *
 * @throws AppError `invalid_request` for what cannot be read, before anything is stored.
 */
export async function importFiles(
  names: readonly string[],
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ImportSource[]> {
  if (names.length === 0) throw wrong('No file is given');
  if (names.filter((name) => name === '-').length > 1) {
    throw wrong('Standard input (-) can be given only once');
  }
  const prints: (string | null)[] = [];
  for (const name of names) {
    const print = name === '-' ? null : await printOf(name, signal);
    if (print === null && options.retime) {
      const what = name === '-' ? 'standard input (-)' : name;
      throw wrong(`--retime reads everything twice, and ${what} can be read only once`);
    }
    prints.push(print);
  }
  return names.map((name, index) => {
    const print = prints[index] ?? null;
    const all = options.retime ? prints : null; // the newest of all decides about each
    const key = print === null ? null : sha256(JSON.stringify([print, options, all]));
    const bytes = () => {
      if (name === '-') return standardInput(signal);
      return print === null ? pipeBytes(name, signal) : fileBytes(name);
    };
    return { name, key, open: () => unpacked(bytes()) };
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const UNREADABLE: Partial<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
};

/** Null for a pipe, which looking at would use up. */
async function printOf(path: string, signal: AbortSignal): Promise<string | null> {
  try {
    const found = await stat(path);
    if (found.isFIFO()) return null;
    // A terminal or a device may never end, and a read of it cannot be ended.
    if (!found.isFile() && !found.isDirectory()) throw new Error('it is neither a file nor a pipe');
    return await fingerprint(path, signal);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw wrong(`${path} cannot be read: ${UNREADABLE[code ?? ''] ?? message}`);
  }
}

/** Ends with an error when `signal` aborts: nobody knows when the next line would come. */
async function* standardInput(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* addAbortSignal(signal, process.stdin) as AsyncIterable<Uint8Array>;
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message, {
    cure: 'give files of one post or comment a line, plain or gzip, or - for standard input; npm run import -- --help says more',
  });
}
