import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Type } from 'typebox';
import Value from 'typebox/value';
import { AppError } from '../../src/errors.js';
import { readLines } from '../../src/ndjson.js';
import { asObservation } from './checks.js';
import { parseEntry } from './journal-reader.js';
import type { Observation } from '../observe/observation.js';

/** A line of a recorded history. */
export type Recorded =
  | { kind: 'observation'; observation: Observation; run: string | null }
  /** An entry of the journal without one. */
  | { kind: 'none' }
  | { kind: 'bad'; line: number; why: string };

/** Far more than an observation can have. */
const MAX_LINE_BYTES = 512 * 1024;
const WithRun = Type.Object({ run: Type.String() });

/**
 * What a file of observations, or of the journal's entries, holds: one line in memory at a time,
 * plain or gzip. A file that breaks off ends with a bad line.
 *
 * @throws AppError `invalid_request` for a file that cannot be opened.
 */
export async function* readRecorded(path: string): AsyncGenerator<Recorded> {
  const bytes = await contentOf(path);
  let number = 0;
  try {
    for await (const line of readLines(bytes, MAX_LINE_BYTES)) {
      number = line.number;
      if (line.text === null) yield { kind: 'bad', line: number, why: 'too long' };
      else if (line.text.trim() !== '') yield parseLine(line.text, number);
    }
  } catch (error) {
    const why = `the file breaks off after it (${(error as Error).message})`;
    yield { kind: 'bad', line: number, why };
  }
}

function parseLine(text: string, line: number): Recorded {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'bad', line, why: 'no JSON' };
  }
  const observation = asObservation(value);
  if (observation !== null) {
    const run = Value.Check(WithRun, value) ? value.run : null;
    return { kind: 'observation', observation, run };
  }
  const entry = parseEntry(text);
  if (entry === null) return { kind: 'bad', line, why: 'neither an observation nor an entry' };
  if (entry.observation === null) return { kind: 'none' };
  return { kind: 'observation', observation: entry.observation, run: null };
}

/** Gzip is recognised by its first two bytes, whatever the file is called. */
async function contentOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  const start = Buffer.alloc(2);
  try {
    const file = await open(path, 'r');
    try {
      await file.read(start, 0, 2, 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new AppError('invalid_request', `${path} cannot be read (${code})`, {
      cause: error,
      cure: 'name a file that npm run monitor wrote: data/monitor/observations.ndjson',
    });
  }
  const plain = createReadStream(path);
  if (start.toString('hex') !== '1f8b') return plain;
  return pipeline(plain, createGunzip(), () => undefined); // its error is the reader's, too
}
