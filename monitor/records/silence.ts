import { open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { toIso } from '../../src/clock.js';
import { AppError } from '../../src/errors.js';
import { createFolder } from '../../src/folder.js';
import type { Log } from '../../src/log.js';
import type { Silence } from '../observe/observation.js';
import { IsoTime, SilenceSchema } from './observation-schema.js';

/** As it lies on disk: with the time of its creation, by which a clock that was set is noticed. */
export const StoredSilence = Type.Intersect([SilenceSchema, Type.Object({ created: IsoTime })]);
export type StoredSilence = Static<typeof StoredSilence>;

const File = Type.Object({ version: Type.Literal(1), silences: Type.Array(Type.Unknown()) });

export const MAX_SILENCE_MS = 7 * 24 * 3_600_000;
export const MAX_SILENCES = 20;
const MAX_FILE_BYTES = 64 * 1024;
/** A clock that was set back by more than this makes a silence invalid rather than longer. */
const CLOCK_SLACK_MS = 60_000;

const pathIn = (folder: string): string => join(folder, 'silences.json');

export interface SilencesOnDisk {
  /** In force at that moment; nothing that is over or invalid. */
  active: StoredSilence[];
  /** What cannot be used in the file, in a sentence; null when all can. */
  problem: string | null;
}

/**
 * The silences in force, read anew at each probe. Never throws: what cannot be read or is no
 * silence counts as none, for silence by accident is worse than an alert too many.
 */
export async function readSilences(folder: string, nowMs: number): Promise<SilencesOnDisk> {
  const path = pathIn(folder);
  let text: string;
  try {
    text = await readBounded(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem = code === 'ENOENT' ? null : `${path} cannot be read (${code ?? 'unknown'})`;
    return { active: [], problem };
  }
  const given = parse(text);
  if (given === null) return { active: [], problem: `${path} holds no silences` };
  const read = given.map((one) => (Value.Check(StoredSilence, one) ? one : null));
  const sound = read.filter((one) => one !== null).filter((one) => isSound(one, nowMs));
  const invalid = read.length - sound.length;
  return {
    active: sound.filter(({ until }) => Date.parse(until) > nowMs).slice(0, MAX_SILENCES),
    problem: invalid === 0 ? null : `${path}: ${invalid} of ${read.length} silences are invalid`,
  };
}

/** The same as the monitor observes it, without what only the file needs. */
export async function activeSilences(folder: string, nowMs: number): Promise<Silence[]> {
  return (await readSilences(folder, nowMs)).active.map(asObserved);
}

/** Reads them for each probe, and logs what is wrong with the file once. */
export function silenceReader(folder: string, log: Log): (nowMs: number) => Promise<Silence[]> {
  let told: string | null = null;
  return async (nowMs) => {
    const { active, problem } = await readSilences(folder, nowMs);
    if (problem !== null && problem !== told) {
      log.warn(`${problem}: not silenced by it; npm run monitor:silence -- --end clears it`);
    }
    told = problem;
    return active.map(asObserved);
  };
}

const asObserved = ({ until, subject, reason, restarts }: StoredSilence): Silence => ({
  ...{ until, subject, reason, restarts },
});

/** Made in the future, ending before it was made, or longer than allowed: a clock was set, or it is forged. */
function isSound({ created, until }: StoredSilence, nowMs: number): boolean {
  const [from, to] = [Date.parse(created), Date.parse(until)];
  return (
    from <= nowMs + CLOCK_SLACK_MS && // false for NaN, too
    to > from &&
    to - from <= MAX_SILENCE_MS
  );
}

/**
 * Adds a silence from now on. What is over or cannot be used is dropped on the way.
 * @throws AppError `invalid_request` when there are too many; `config_invalid` when the folder
 *   cannot be written.
 */
export async function addSilence(
  folder: string,
  silence: Omit<Silence, 'until'> & { ms: number },
  nowMs: number,
): Promise<StoredSilence> {
  const { active } = await readSilences(folder, nowMs);
  if (active.length >= MAX_SILENCES) {
    throw new AppError('invalid_request', `there are ${MAX_SILENCES} silences already`, {
      cure: 'end some first: npm run monitor:silence -- --end',
    });
  }
  const { ms, ...rest } = silence;
  const added = { ...rest, created: toIso(nowMs), until: toIso(nowMs + ms) };
  await write(folder, [...active, added]);
  return added;
}

/**
 * Ends the silences of a subject, or all for null. Answers those it ended.
 * @throws AppError `config_invalid` when the folder cannot be written.
 */
export async function endSilences(
  folder: string,
  subject: string | null,
  nowMs: number,
): Promise<StoredSilence[]> {
  const { active, problem } = await readSilences(folder, nowMs);
  const ended = active.filter((one) => subject === null || one.subject === subject);
  if (ended.length > 0 || problem !== null) {
    await write(
      folder,
      active.filter((one) => !ended.includes(one)),
    );
  }
  return ended;
}

/** Readable for all who reach the folder, so that root may silence a monitor that is not root's. */
async function write(folder: string, silences: StoredSilence[]): Promise<void> {
  const path = pathIn(folder);
  const draft = `${path}.${process.pid}`;
  try {
    createFolder(folder);
    const text = `${JSON.stringify({ version: 1, silences }, null, 2)}\n`;
    await writeFile(draft, text, { mode: 0o644, flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new AppError('config_invalid', `${path} cannot be written (${code})`, {
      cause: error,
      cure: 'run it as the user that the monitor runs as, with the same MONITOR_STATE_DIR',
    });
  }
}

/** One byte more than is allowed is enough to see that it is too long. */
async function readBounded(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return bytesRead > MAX_FILE_BYTES ? '' : buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function parse(text: string): unknown[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(File, value) ? value.silences : null;
  } catch {
    return null;
  }
}
