import type { Clock } from './clock.js';
import { toAppError } from './errors.js';
import type { Log } from './log.js';
import type { Api } from './routes/context.js';
import type { RollupMemory } from './rollups/memory.js';
import type { Revision } from './store/store.js';

/**
 * Has the answers of the dashboard's first page computed before anybody asks: at the start,
 * and whenever the data has changed and then kept still for a moment, as after a cycle.
 */
export interface Preload {
  /** Begins nothing more. */
  stop(): void;
  /** Resolves when nothing is under way any more. */
  close(): Promise<void>;
}

export interface PreloadDeps {
  app: Pick<Api, 'inject'>;
  rollups: Pick<RollupMemory, 'isComplete' | 'revision'>;
  clock: Clock;
  log: Log;
  paths?: readonly string[];
}

const LOOK_EVERY_MS = 500;
/** Between two commits of a cycle less time passes, mostly. */
const STILL_FOR_MS = 2000;
/** After a failure it is tried again later and later. */
const RETRY_MS = { first: 1000, last: 60_000 };

const WINDOWS = [
  { hours: 24, granularity: 'hour' },
  { hours: 168, granularity: 'hour' },
  { hours: 720, granularity: 'day' },
  { hours: 2160, granularity: 'day' },
];

/** What the dashboard asks when it is opened, in the order in which it matters. */
export const DEFAULT_QUESTIONS: readonly string[] = [
  ...WINDOWS.flatMap(({ hours, granularity }) => [
    `/api/v1/sentiment/stats?hours=${hours}`,
    `/api/v1/sentiment/trends?hours=${hours}&granularity=${granularity}`,
  ]),
  ...[24, 168, 720].map((hours) => `/api/v1/trending?hours=${hours}`),
  '/api/v1/subreddits',
  '/api/v1/posts/recent',
  '/api/v1/collections',
];

export function startPreload(deps: PreloadDeps): Preload {
  const { app, clock, log, paths = DEFAULT_QUESTIONS } = deps;
  const stop = new AbortController();

  /** What went wrong; null when nothing did. */
  const ask = async (url: string): Promise<string | null> => {
    try {
      const { statusCode, headers } = await app.inject({ url });
      const fresh = statusCode === 200 && headers['x-data-stale'] === undefined;
      return fresh ? null : `${url}: ${statusCode}`;
    } catch (error) {
      return `${url}: ${toAppError(error).message}`; // the app is closing
    }
  };

  /** All of them, whatever comes of one. */
  const askAll = async (): Promise<{ failed: string[]; ms: number }> => {
    const began = clock.monotonic();
    const failed: string[] = [];
    for (const url of paths) {
      if (stop.signal.aborted) break;
      const problem = await ask(url);
      if (problem !== null) failed.push(problem);
    }
    return { failed, ms: Math.round(clock.monotonic() - began) };
  };

  const loop = async (): Promise<void> => {
    let first = true;
    let ready: string | null = null;
    let seen = { name: null as string | null, sinceMs: 0 };
    let retry = { atMs: 0, delayMs: RETRY_MS.first };
    for (; !stop.signal.aborted; await clock.sleep(LOOK_EVERY_MS, stop.signal)) {
      const revision = await revisionOf(deps.rollups);
      const name = revision && `${revision.opening} ${revision.data_version}`;
      const nowMs = clock.monotonic();
      if (name !== seen.name) seen = { name, sinceMs: nowMs };
      // At the start nobody has an answer yet, so that one does not wait for stillness.
      const still = first || nowMs - seen.sinceMs >= STILL_FOR_MS;
      if (name === null || name === ready || !still || nowMs < retry.atMs) continue;
      const { failed, ms } = await askAll();
      if (stop.signal.aborted) break;
      if (failed.length === 0) {
        log[first ? 'info' : 'debug']({ answers: paths.length, ms }, 'default answers ready');
        ready = name;
        first = false;
        retry = { atMs: 0, delayMs: RETRY_MS.first };
      } else {
        if (retry.atMs === 0)
          log.warn({ failed, ms }, 'default answers are not ready; trying again');
        retry = {
          atMs: clock.monotonic() + retry.delayMs,
          delayMs: Math.min(RETRY_MS.last, 2 * retry.delayMs),
        };
      }
    }
  };
  const running = loop();

  return {
    stop: () => stop.abort(),
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** Null as long as there is nothing to be computed from. */
async function revisionOf(rollups: PreloadDeps['rollups']): Promise<Revision | null> {
  return rollups.isComplete() ? rollups.revision().catch(() => null) : null;
}
