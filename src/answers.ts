import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.js';
import { AppError, toAppError } from './errors.js';
import type { Revision } from './store/store.js';

/**
 * Answers in memory: each question is computed once for a revision of the data and the end of
 * its window, however many ask at once, and serialised once. When the store fails, the last
 * answer goes on being given, with its age.
 */
export interface Answers {
  /** @throws what `compute` throws, unless an older answer can be given instead. */
  answer(question: Question, compute: () => Promise<Computed>): Promise<Given>;
  size(): { answers: number; bytes: number };
}

export interface Question {
  /** The route's pattern, for the figures. */
  route: string;
  /** Everything the answer depends on besides the data and the time. */
  parameters: readonly (string | number | null)[];
  /** End of the window, or another time that the answer depends on; 0 when it does not. */
  untilMs: number;
}

export interface Computed {
  /** Serialised JSON. */
  body: string;
  /** Further headers that belong to it. */
  headers?: Record<string, string>;
}

/** An answer as it is kept. */
export interface Kept {
  body: Buffer;
  headers: Record<string, string>;
  /** Of the uncompressed body, without quotes. */
  tag: string;
  /** Compressed bodies by content coding; a promise while the first one who wants it waits. */
  encoded: Map<string, Promise<Buffer>>;
}

/** `shared`: computed for somebody who asked the same a moment before. */
export const OUTCOMES = ['hit', 'computed', 'shared', 'stale'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Given {
  kept: Kept;
  outcome: Outcome;
  /** For how long nobody could confirm it; 0 unless it is stale. */
  staleMs: number;
}

export interface AnswersDeps {
  /** The data's revision. @throws AppError when the store fails. */
  revision: () => Promise<Revision>;
  clock: Clock;
  /** Told how each question was answered. */
  onAnswer?: (route: string, outcome: Outcome) => void;
  maxBytes?: number;
}

const MAX_BYTES = 32 * 1024 * 1024;
/** Different questions computed at once: each holds its answer several times over meanwhile. */
const MAX_COMPUTING = 48;
/** A body together with what it is compressed to, and its place in the cache. */
const sizeOf = (bytes: number) => Math.ceil(bytes * 1.5) + 500;

interface Place {
  revision: Revision;
  untilMs: number;
  /** When it was last known to be right, on the monotonic clock. */
  confirmedMs: number;
}

interface Entry extends Place {
  kept: Kept;
}

export function createAnswers(deps: AnswersDeps): Answers {
  const { clock, maxBytes = MAX_BYTES, onAnswer = () => undefined } = deps;
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    maxEntrySize: Math.floor(maxBytes / 4),
    sizeCalculation: ({ kept }, key) => sizeOf(kept.body.length + key.length),
  });
  const underWay = new Map<string, Promise<Kept>>();

  const compute = async (
    key: string,
    place: Place,
    work: () => Promise<Computed>,
  ): Promise<Kept> => {
    const kept = keep(await work());
    const other = entries.peek(key);
    if (other === undefined || !isLater(other, place)) {
      entries.set(key, { kept, ...place });
    }
    return kept;
  };

  /** The last answer to the question, or else the error, which is of the store or of the question. */
  const orStale = (key: string, error: unknown): Given => {
    const entry = entries.get(key);
    if (entry === undefined || !toAppError(error).code.startsWith('store_')) throw error;
    const staleMs = Math.max(0, clock.monotonic() - entry.confirmedMs);
    return { kept: entry.kept, outcome: 'stale', staleMs };
  };

  const current = async (
    key: string,
    untilMs: number,
    work: () => Promise<Computed>,
  ): Promise<Given> => {
    const askedMs = clock.monotonic();
    // Before the data is read: an answer may be newer than its revision says, never older.
    const revision = await deps.revision();
    const entry = entries.get(key);
    if (entry !== undefined && same(entry.revision, revision) && entry.untilMs === untilMs) {
      entry.confirmedMs = askedMs;
      return { kept: entry.kept, outcome: 'hit', staleMs: 0 };
    }
    const flight = JSON.stringify([key, revision, untilMs]);
    const running = underWay.get(flight);
    if (running === undefined && underWay.size >= MAX_COMPUTING) {
      throw new AppError('store_busy', `${MAX_COMPUTING} questions are being computed already`);
    }
    const computing = running ?? compute(key, { revision, untilMs, confirmedMs: askedMs }, work);
    if (running === undefined) {
      underWay.set(flight, computing);
      void computing.catch(() => undefined).finally(() => underWay.delete(flight));
    }
    return { kept: await computing, outcome: running ? 'shared' : 'computed', staleMs: 0 };
  };

  return {
    async answer({ route, parameters, untilMs }, work) {
      const key = JSON.stringify([route, ...parameters]);
      const given = await current(key, untilMs, work).catch((error: unknown) =>
        orStale(key, error),
      );
      onAnswer(route, given.outcome);
      return given;
    },
    size: () => ({ answers: entries.size, bytes: entries.calculatedSize }),
  };
}

function keep({ body, headers = {} }: Computed): Kept {
  const bytes = Buffer.from(body);
  const tag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { body: bytes, headers, tag, encoded: new Map() };
}

function same(a: Revision, b: Revision): boolean {
  return a.data_version === b.data_version && a.opening === b.opening;
}

/** Whether an answer was computed of newer data, or later, than one that took longer. */
function isLater(a: Place, b: Place): boolean {
  if (a.revision.opening !== b.revision.opening) return false;
  const newer = a.revision.data_version - b.revision.data_version;
  return newer > 0 || (newer === 0 && a.untilMs > b.untilMs);
}
