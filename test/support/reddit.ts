import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../src/clock.js';
import { createRedditSource } from '../../src/reddit/client.js';
import type { PostSource } from '../../src/reddit/source.js';
import { generatedWorld } from '../../src/simulator/generated.js';
import { buildSimulator } from '../../src/simulator/server.js';
import type { World } from '../../src/simulator/world.js';
import { silentLog } from './log.js';

export interface Simulation {
  url: string;
  world: World;
  subreddits: string[];
  /** Lets this much time pass in the world; it stands still otherwise. */
  pass(ms: number): void;
  /** Ids that a complete collection has now. */
  listed(): { posts: string[]; comments: string[] };
}

/** A small simulated Reddit on a free port, closed with the test. Its world's time only moves by `pass`. */
export async function simulation(
  t: Pick<ExecutionContext, 'teardown'>,
  options: {
    subreddits?: string[];
    seed?: number;
    maxListing?: number;
    historyHours?: number;
  } = {},
): Promise<Simulation> {
  const subreddits = options.subreddits ?? ['claude', 'aws', 'OpenAI'];
  let nowMs = systemClock.now() - 6 * 3_600_000; // room for `pass` without reaching the future
  const world = generatedWorld({
    seed: options.seed ?? 7,
    startMs: nowMs,
    subreddits,
    postsPerHour: 10,
    commentsPerHour: 60,
    historyHours: options.historyHours ?? 6,
    ...(options.maxListing === undefined ? {} : { maxListing: options.maxListing }),
  });
  const clock: Clock = { ...systemClock, now: () => nowMs };
  // The world's time stands still, and with it the window of the rate limit.
  const rateLimit = { requests: 1_000_000, windowMs: 600_000 };
  const app = buildSimulator({ world, clock, tokenTtlMs: 3_600_000, rateLimit });
  await app.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => app.close());
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    world,
    subreddits,
    pass(ms) {
      nowMs += ms;
      world.advanceTo(nowMs);
    },
    listed() {
      const ids = (items: { data: { id: string }; listed: boolean }[]) =>
        items.flatMap(({ data, listed }) => (listed ? [data.id] : [])).sort();
      const { posts, comments } = world.truth();
      return { posts: ids(posts), comments: ids(comments) };
    },
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
