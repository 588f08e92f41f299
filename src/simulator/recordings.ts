import { fileBytes, unpacked } from '../bytes.js';
import { AppError } from '../errors.js';
import { readLines } from '../ndjson.js';

/** A post or comment as Reddit gave it once; only its id is certain. */
export interface Recording {
  kind: 't1' | 't3';
  data: { id: string; [key: string]: unknown };
}

/**
 * Reads recorded things, one `{kind, data}` a line, gzip or plain, one line at a time.
 * @throws AppError `invalid_request` that names the file, and the line where one is wrong.
 */
export async function loadRecordings(paths: readonly string[]): Promise<Recording[]> {
  const recordings: Recording[] = [];
  for (const path of paths) {
    let line = 0;
    try {
      for await (const { number, text } of readLines(unpacked(fileBytes(path)))) {
        line = number;
        if (text === null) throw new TypeError('the line is too long');
        if (text.trim() !== '') recordings.push(parsed(text));
      }
    } catch (error) {
      const place = line === 0 ? path : `${path} line ${line}`;
      throw new AppError('invalid_request', `${place}: ${reasonOf(error)}`, {
        cause: error,
        cure: 'give files of one {"kind":"t3" or "t1","data":{…}} a line, plain or gzip',
      });
    }
  }
  return recordings;
}

function parsed(text: string): Recording {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new TypeError('not an object');
  const { kind, data } = value;
  if (kind !== 't3' && kind !== 't1') {
    throw new TypeError(`kind is ${JSON.stringify(kind)}, not "t3" or "t1"`);
  }
  if (!isObject(data) || typeof data.id !== 'string' || !/^\w+$/.test(data.id)) {
    throw new TypeError('data has no id');
  }
  return { kind, data: { ...data, id: data.id } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  return error instanceof Error ? error.message : String(error);
}
