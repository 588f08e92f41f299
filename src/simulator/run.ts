import type { Clock } from '../clock.js';
import { AppError } from '../errors.js';
import type { Log } from '../log.js';
import type { SimulatorArguments } from './arguments.js';
import { createFaults } from './faults.js';
import { generatedWorld } from './generated.js';
import type { Recording } from './recordings.js';
import { replayWorld } from './replay.js';
import { buildSimulator } from './server.js';

export interface RunningSimulator {
  /** The machine-readable line that says where it listens and what it serves. */
  readyLine: string;
  close(): Promise<void>;
}

/**
 * @param recordings what the files named in the options hold.
 * @throws AppError `invalid_request` for recordings that no listing can hold, `port_in_use`.
 */
export async function startSimulator(
  options: SimulatorArguments,
  recordings: readonly Recording[],
  subreddits: readonly string[],
  clock: Clock,
  log: Log,
): Promise<RunningSimulator> {
  const nowMs = clock.now();
  const world =
    options.replay.length > 0
      ? replayWorld({ items: recordings, subreddits, nowMs })
      : generatedWorld({ seed: options.seed, startMs: nowMs, subreddits });
  const tokenTtlMs = options.tokenTtlSeconds * 1000;
  const faults = createFaults(options.faults);
  const { rateLimit } = options;
  const app = buildSimulator({ world, clock, tokenTtlMs, rateLimit, faults, log });
  const listening = await app
    .listen({ host: '127.0.0.1', port: options.port })
    .catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new AppError('port_in_use', `port ${options.port} on 127.0.0.1 is in use`, {
        cause: error,
        cure: 'end what listens there, or give --port 0 for a free one',
      });
    });
  const readyLine = JSON.stringify({
    listening,
    pid: process.pid,
    world: options.replay.length > 0 ? 'replay' : 'generated',
    subreddits: subreddits.length,
    ...world.served(),
    token_ttl_seconds: options.tokenTtlSeconds,
  });
  return { readyLine, close: () => app.close() };
}
