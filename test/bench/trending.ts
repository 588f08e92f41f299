import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, toIso } from '../../src/clock.js';
import { LABELS, type NewPost } from '../../src/domain/item.js';
import { DAY_MS, HOUR_MS, toTimes, windowBefore, windowEndingAt } from '../../src/domain/window.js';
import { openStore } from '../../src/store/open.js';
import { MAX_BATCH, type Store } from '../../src/store/store.js';
import { testConfig } from '../support/config.js';
import { aPost, aSentiment } from '../support/items.js';
import { silentLog } from '../support/log.js';
import { readRows } from '../support/shared-data.js';

/**
 * How long a question about topics takes in the store's thread: `node dist/test/bench/trending.js
 * [POSTS]`. Fills a store of its own with POSTS posts in 90 days of 14 subreddits (real titles
 * where they are present) and prints milliseconds and their ratio to the shortest question.
 */
const BULK = '../shared/data/bulk/posts.ndjson.gz';
const DAYS = 90;
const END_MS = Date.parse('2026-11-22T00:00:00.000Z');
const ROUNDS = 7;
const posts = Number(process.argv[2] ?? 190_000);

const WORDS = 'agent model price outage cursor prompt release bug context window editor test'.split(
  ' ',
);
const titles = existsSync(BULK)
  ? readRows<{ title: string }>(BULK).map(({ title }) => title)
  : Array.from({ length: 20_000 }, (_, n) =>
      [3, 5, 7, 11, 13, 17].map((m) => `${WORDS[(n * m) % 12]}${(n * m) % 997}`).join(' '),
    );

const folder = mkdtempSync(join(tmpdir(), 'sentimentagent-bench-'));
const config = testConfig({ SQLITE_PATH: join(folder, 'store.db') });
const store = await openStore(config, { clock: systemClock, log: silentLog });
try {
  const began = systemClock.monotonic();
  await fill(store);
  const seconds = (systemClock.monotonic() - began) / 1000;
  process.stdout.write(`${posts} posts imported in ${seconds.toFixed(1)} s\n`);
  const first = await measure(24);
  for (const hours of [24, 168, 720]) {
    const ms = await measure(hours);
    const ratio = (ms / first).toFixed(1);
    process.stdout.write(`hours=${hours}: ${ms.toFixed(1)} ms, ${ratio} times hours=24\n`);
  }
  const { rss, arrayBuffers } = process.memoryUsage();
  process.stdout.write(`rss ${toMb(rss)} MB, array buffers ${toMb(arrayBuffers)} MB\n`);
} finally {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
}

async function fill(store: Store): Promise<void> {
  for (const [at, subreddit] of config.subreddits.entries()) {
    const own = Math.floor(posts / config.subreddits.length);
    for (let first = 0; first < own; first += MAX_BATCH) {
      const batch: NewPost[] = [];
      for (let n = first; n < Math.min(own, first + MAX_BATCH); n += 1) {
        batch.push(post(at * own + n, (n + 0.5) / own, subreddit));
      }
      await store.importItems({ subreddit, posts: batch, comments: [], keepHistory: false });
    }
  }
}

/** @param share of the time that has passed when it is written */
function post(n: number, share: number, subreddit: string): NewPost {
  return aPost({
    id: `b${n.toString(36)}`,
    subreddit,
    title: `${halfOf(n * 7919, 0)} ${halfOf(n * 104_729 + 1, 1)}`,
    created_utc: toIso(END_MS - DAYS * DAY_MS + Math.floor(share * DAYS * DAY_MS)),
    upvotes: n % 101,
    comment_count: n % 13,
    sentiment: aSentiment({ label: LABELS[n % 3] ?? 'neutral' }),
  });
}

/** Half of some title: two halves make more different phrases than there are titles. */
function halfOf(n: number, half: 0 | 1): string {
  const words = (titles[n % titles.length] ?? '').split(' ');
  const middle = Math.ceil(words.length / 2);
  return (half === 0 ? words.slice(0, middle) : words.slice(middle)).join(' ');
}

/** Median of some rounds, in milliseconds of processor time: other programs are no part of it. */
async function measure(hours: number): Promise<number> {
  const window = windowEndingAt(END_MS - HOUR_MS / 2, hours);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    await store.trending({
      window: toTimes(window),
      baseline: toTimes(windowBefore(window)),
      names: config.subreddits,
      limit: 100,
    });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
}

function toMb(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
