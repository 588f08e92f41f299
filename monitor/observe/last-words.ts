import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { Type } from 'typebox';
import Value from 'typebox/value';
import type { Clock } from '../../src/clock.js';
import { withDeadline } from '../../src/retry.js';
import type { ManagedProcess } from './observation.js';
import { oneLine, withoutEscapes } from '../text.js';

/** Exit codes whose cause stands in the log: store unreachable, configuration. */
const TELLING = [69, 78];
/** After so long a start has ended or succeeded, and the exit code that PM2 keeps is history. */
const STARTING_MS = 120_000;
const TAIL_BYTES = 64 * 1024;
const MAX_CHARACTERS = 300;
const DEADLINE_MS = 1000;
/** More files than PM2 has for us; then all are forgotten. */
const MAX_REMEMBERED = 50;

/** Reads why processes ended from the logs that PM2 keeps of them. */
export interface LastWords {
  /** Null for one that did not end with 69 or 78, or whose log does not tell. Never throws. */
  of(process: ManagedProcess): Promise<string | null>;
}

export function createLastWords(clock: Clock): LastWords {
  const remembered = new Map<string, string | null>();
  let reading = 0;

  async function fromFile(path: string | null, one: ManagedProcess): Promise<string | null> {
    if (path === null) return null;
    const { size, mtimeMs } = await stat(path);
    const key = [path, size, mtimeMs, one.name, one.exitCode].join('\0');
    const known = remembered.get(key);
    if (known !== undefined) return known;
    const words = lastFatal(await readTail(path), one);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(key, words);
    return words;
  }

  return {
    async of(one) {
      if (!endedTelling(one) || reading > 0) return null;
      const work = withCount(async () => {
        // The log goes to the output; only what starts before the log, to the errors.
        const out = await fromFile(one.outLog, one).catch(() => null);
        return out ?? (await fromFile(one.errLog, one).catch(() => null));
      });
      return withDeadline(DEADLINE_MS, clock, () => work).catch(() => null);
    },
  };

  /** One that hangs on a dead file system keeps the others away instead of gathering more. */
  async function withCount<T>(work: () => Promise<T>): Promise<T> {
    reading += 1;
    try {
      return await work();
    } finally {
      reading -= 1;
    }
  }
}

function endedTelling({ exitCode, status, pid, upMs }: ManagedProcess): boolean {
  if (exitCode === null || !TELLING.includes(exitCode)) return false;
  return status !== 'online' || pid === 0 || (upMs ?? 0) < STARTING_MS;
}

/** The end of a regular file; nothing of anything else, which could block or never end. */
async function readTail(path: string): Promise<string> {
  if (!(await stat(path)).isFile()) return '';
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return await tailOf(file);
  } finally {
    await file.close();
  }
}

async function tailOf(file: FileHandle): Promise<string> {
  const info = await file.stat();
  if (!info.isFile()) return '';
  const from = Math.max(0, info.size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, from);
  const text = buffer.toString('utf8', 0, bytesRead);
  return from === 0 ? text : text.slice(text.indexOf('\n') + 1 || text.length);
}

function lastFatal(tail: string, one: ManagedProcess): string | null {
  const lines = tail.split('\n');
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const words = wordsOf(withoutEscapes(lines[index] ?? ''), one);
    if (words) return oneLine(words, MAX_CHARACTERS);
  }
  return null;
}

/** What a fatal line says: in production, in development, and of one whose log is silent. */
function wordsOf(line: string, { name, exitCode }: ManagedProcess): string | null {
  // PM2 may have put a time in front.
  const json = line.indexOf('{"');
  if (json >= 0 && line.endsWith('}')) return wordsOfJson(line.slice(json), name, exitCode);
  const readable = /FATAL \(([\w-]+)\/\d+\): (.+)/.exec(line);
  const [, speaker, words] = readable ?? /(?:^|\s)([\w-]+): (cannot start: .+)/.exec(line) ?? [];
  return speaker === name && words !== undefined ? words : null;
}

const Line = Type.Object({
  level: Type.Union([Type.Literal('fatal'), Type.Literal(60)]),
  msg: Type.String(),
  name: Type.Optional(Type.String()),
  exit_code: Type.Optional(Type.Number()),
});

/** Several processes may share a file, and one may have ended for another reason before. */
function wordsOfJson(text: string, name: string, exitCode: number | null): string | null {
  const line = parse(text);
  if (!Value.Check(Line, line)) return null;
  const own = (line.name ?? name) === name && (line.exit_code ?? exitCode) === exitCode;
  return own ? line.msg : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // cut, or no log line
  }
}
