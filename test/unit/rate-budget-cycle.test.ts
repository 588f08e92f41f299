import test, { type ExecutionContext } from 'ava';
import { type Cycle, requestsOf } from '../../src/domain/cycle.js';
import { cycleBench, type CycleBench } from '../support/cycle-bench.js';
import { fakeReddit, json, listing, redditComment, redditPost } from '../support/fake-reddit.js';
import { recordingLog } from '../support/log.js';
import { storedIds } from '../support/stored-ids.js';

/** Ten requests a minute, told in X-Ratelimit headers; tokens are not counted. */
const TEN_A_MINUTE = {
  rateLimit: { requests: 10, windowMs: 60_000 },
  subreddits: ['claude', 'aws', 'OpenAI', 'Cursor'],
  historyHours: 40,
};
const MINUTE_MS = 60_000;

async function traffic({ reddit }: CycleBench) {
  const answer = await fetch(`${reddit.url}/simulator/requests`);
  return (await answer.json()) as { requests: number; tokens_issued: number; refused: number };
}

async function complete(t: ExecutionContext, bench: CycleBench, cycle: Cycle): Promise<void> {
  t.is(cycle.status, 'succeeded');
  t.deepEqual(bench.missing(), []);
  t.is((await traffic(bench)).refused, 0);
}

test.serial('ten requests a minute: none is sent beyond it and nothing is lost', async (t) => {
  const bench = await cycleBench(t, { simulation: TEN_A_MINUTE });
  const first = await bench.cycle();
  await complete(t, bench, first);
  // A window that begins is used up at once, so a cycle waits for one less than it needs.
  const windows = Math.ceil(requestsOf(first) / 10);
  t.true(windows >= 3, `${requestsOf(first)} requests`);
  t.true((first.duration_ms ?? 0) > (windows - 2) * MINUTE_MS);
  await bench.pass(6 * 60 * MINUTE_MS);
  await complete(t, bench, await bench.cycle());
});

test.serial('a cycle ended in the middle: the next one goes on with what is left', async (t) => {
  const bench = await cycleBench(t, { simulation: TEN_A_MINUTE });
  for (const after of [8, 10]) {
    const stop = new AbortController();
    let asked = 0;
    const ended = await bench.cycle({
      signal: stop.signal,
      wrap: (source) => ({
        ...source,
        async listing(query, signal) {
          if (asked === after) stop.abort();
          asked += 1;
          return source.listing(query, signal);
        },
      }),
    });
    t.true(ended.errors.some(({ code }) => code === 'cancelled'));
  }
  await complete(t, bench, await bench.cycle());
});

test.serial('a job killed in the middle: the next one knows what it had sent', async (t) => {
  for (const sent of [1, 9, 10]) {
    const bench = await cycleBench(t, { simulation: TEN_A_MINUTE });
    // Killed: whatever it wrote while it worked is there, and nothing else.
    const killed = bench.newSource();
    const page = { subreddit: 'aws', kind: 'comment', after: null, limit: 100 } as const;
    for (let n = 0; n < sent; n += 1) {
      await bench.clock.drive(killed.listing(page, new AbortController().signal));
    }
    t.is(bench.clock.monotonic(), 0);
    await killed.close();
    await complete(t, bench, await bench.cycle());
  }
});

test.serial('a server that tells nothing of limits: our own hundred in any minute', async (t) => {
  const subreddits = ['claude', 'aws', 'OpenAI', 'Cursor', 'Bard', 'windsurf', 'kiroIDE'];
  const sentAt: number[] = [];
  const served = { posts: new Set<string>(), comments: new Set<string>() };
  let nowMs = () => 0;
  const fake = await fakeReddit(
    t,
    ({ url }, response, n) => {
      sentAt.push(nowMs());
      const [, subreddit = '', what] = /^\/r\/(\w+)\/(\w+)/.exec(url ?? '') ?? [];
      if (what === undefined) return json(response, 200, listing([], null));
      const id = `x${n}`;
      const fields = { subreddit, created_utc: Math.floor(nowMs() / 1000) - n, num_comments: 0 };
      const isPost = what === 'new';
      served[isPost ? 'posts' : 'comments'].add(id);
      const thing = isPost ? redditPost(id, fields) : redditComment(id, fields);
      json(response, 200, listing([thing], `${isPost ? 't3' : 't1'}_${id}`));
    },
    {
      onToken: (_request, response) => {
        sentAt.push(nowMs());
        json(response, 200, { access_token: 'token', token_type: 'bearer', expires_in: 120 });
      },
    },
  );
  const bench = await cycleBench(t, {
    env: { REDDIT_BASE_URL: fake.url, SUBREDDITS: subreddits.join(',') },
  });
  nowMs = () => bench.clock.now();
  const cycle = await bench.cycle();
  t.is(cycle.status, 'succeeded');
  t.true(sentAt.length > 250, `${sentAt.length} requests`);
  t.is(mostWithin(sentAt, MINUTE_MS), 100);
  const stored = storedIds(bench.databasePath);
  t.deepEqual(stored, { posts: [...served.posts].sort(), comments: [...served.comments].sort() });
});

test.serial('a token of five seconds: a cycle of minutes, and no 401', async (t) => {
  const { log, lines } = recordingLog();
  const bench = await cycleBench(t, { log, simulation: { ...TEN_A_MINUTE, tokenTtlMs: 5000 } });
  const cycle = await bench.cycle();
  await complete(t, bench, cycle);
  t.true((cycle.duration_ms ?? 0) > MINUTE_MS);
  const { tokens_issued, requests } = await traffic(bench);
  t.true(tokens_issued >= 3);
  t.is(requests, requestsOf(cycle));
  t.deepEqual(
    lines.filter(({ level }) => level !== 'info'),
    [],
  );
  // Each token was used: a request that was refused would have been sent twice.
  const pages = requests - tokens_issued - upkeepOf(cycle);
  const listed = bench.reddit.listed();
  t.true(pages <= Math.ceil((listed.posts.length + listed.comments.length) / 100) + 8);
});

const upkeepOf = (cycle: Cycle) => requestsOf(cycle) - requestsOf({ ...cycle, upkeep: null });

/** The most of these instants that any span of this length holds. */
function mostWithin(at: number[], spanMs: number): number {
  return Math.max(...at.map((from) => at.filter((x) => x >= from && x < from + spanMs).length));
}
