import type { Clock } from './clock.js';
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

  /** False also when the app is closing. */
  const isFresh = async (url: string): Promise<boolean> => {
    if (stop.signal.aborted) return false;
    try {
      const { statusCode, headers } = await app.inject({ url });
      return statusCode === 200 && headers['x-data-stale'] === undefined;
    } catch {
      return false;
    }
  };

  /** Answers how long it took; null when an answer failed, so that it is tried again. */
  const ask = async (): Promise<number | null> => {
    const began = clock.monotonic();
    for (const url of paths) if (!(await isFresh(url))) return null;
    return Math.round(clock.monotonic() - began);
  };

  const loop = async (): Promise<void> => {
    let ready: string | null = null;
    let before: string | null = null;
    while (!stop.signal.aborted) {
      const revision = await revisionOf(deps.rollups);
      const now = revision && `${revision.opening} ${revision.data_version}`;
      // At the start nobody has an answer yet, so that one does not wait for stillness.
      const still = now === before || ready === null;
      if (now !== null && now !== ready && still) {
        const ms = await ask();
        const level = ready === null ? 'info' : 'debug';
        if (ms !== null) {
          log[level]({ answers: paths.length, ms }, 'default answers ready');
          ready = now;
        }
      }
      before = now;
      await clock.sleep(LOOK_EVERY_MS, stop.signal);
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
