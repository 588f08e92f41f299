import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { createRedditSource } from '../../src/reddit/client.js';
import type { PostSource } from '../../src/reddit/source.js';
import { listedIds } from '../../src/simulator/control.js';
import { createFaults, type Faults } from '../../src/simulator/faults.js';
import { generatedWorld } from '../../src/simulator/generated.js';
import type { RateLimit } from '../../src/simulator/rate-limit.js';
import { buildSimulator } from '../../src/simulator/server.js';
import type { World } from '../../src/simulator/world.js';
import { silentLog } from './log.js';

export interface Simulation {
  url: string;
  world: World;
  subreddits: string[];
  /** What goes wrong: none until some are added. */
  faults: Faults;
  /** Lets this much time pass in the world; it stands still otherwise. */
  pass: (ms: number) => void;
  /** Ids that a complete collection has now. */
  listed: () => { posts: string[]; comments: string[] };
  /** Before the test ends, which closes it anyhow. */
  close: () => Promise<void>;
}

/** A small simulated Reddit on a free port, closed with the test. Its world's time only moves by `pass`, and with a clock that is given. */
export async function simulation(
  t: Pick<ExecutionContext, 'teardown'>,
  options: {
    subreddits?: string[];
    seed?: number;
    maxListing?: number;
    historyHours?: number;
    /** Over all subreddits together; 10 and 60 by default. */
    postsPerHour?: number;
    commentsPerHour?: number;
    /** Without it a client has a million requests. */
    rateLimit?: RateLimit;
    /** An hour by default. */
    tokenTtlMs?: number;
    /** Moves the world, tokens and rate windows along; `pass` adds to it. */
    clock?: Clock;
  } = {},
): Promise<Simulation> {
  const subreddits = options.subreddits ?? ['claude', 'aws', 'OpenAI'];
  const standing = systemClock.now() - 6 * 3_600_000; // room for `pass` without reaching the future
  const given = options.clock ?? { ...systemClock, now: () => standing };
  let passedMs = 0;
  const clock: Clock = {
    now: () => given.now() + passedMs,
    monotonic: () => given.monotonic(),
    sleep: (ms, signal) => given.sleep(ms, signal),
  };
  const world = generatedWorld({
    seed: options.seed ?? 7,
    startMs: clock.now(),
    subreddits,
    postsPerHour: options.postsPerHour ?? 10,
    commentsPerHour: options.commentsPerHour ?? 60,
    historyHours: options.historyHours ?? 6,
    ...(options.maxListing === undefined ? {} : { maxListing: options.maxListing }),
  });
  const faults = createFaults();
  // When the world's time stands still, so does the window of the rate limit.
  const { rateLimit = { requests: 1_000_000, windowMs: 600_000 }, tokenTtlMs = 3_600_000 } =
    options;
  const app = buildSimulator({ world, clock, tokenTtlMs, rateLimit, faults });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    world,
    subreddits,
    faults,
    pass(ms) {
      passedMs += ms;
      world.advanceTo(clock.now());
    },
    listed() {
      world.advanceTo(clock.now());
      return listedIds(world);
    },
    close: () => app.close(),
  };
}

/** The real client, with short retries, closed with the test. */
export function sourceOf(t: Pick<ExecutionContext, 'teardown'>, url: string): PostSource {
  const config = { clientId: 'id', userAgent: 'test/1', baseUrl: url, timeoutMs: 5000 };
  const source = createRedditSource(config, 'secret', {
    clock: systemClock,
    log: silentLog,
    retry: { retries: 1, baseDelayMs: 5 },
    requestsPerMinute: 1_000_000, // tests have less time than Reddit's minute
  });
  t.teardown(() => source.close());
  return source;
}
