import { AppError } from '../../src/errors.js';
import type { Example } from '../../src/openapi/types.js';
import { buildTestApp, type TestApp, type TestAppOptions } from './app.js';
import { ManualClock } from './clock.js';
import { fillStore } from './fill.js';
import { aComment, aPost, aSentiment } from './items.js';
import { beginTestCycle } from './store.js';

/** By operationId, status and name, as in src/openapi/examples.ts. */
export type Examples = Record<string, Record<string, Record<string, Example>>>;

type Question = [operationId: string, name: string, request: string];

/** The state of the world in which some questions are asked. */
interface Situation {
  options?: TestAppOptions;
  prepare?: (testApp: TestApp, clock: ManualClock) => unknown;
  headers?: Record<string, string>;
  questions: Question[];
}

const TOKEN = 'the-token-of-the-examples';
const WITH_TOKEN = { authorization: `Bearer ${TOKEN}` };
const COLLECT = 'POST /api/v1/admin/collect';
const PAUSE = 'POST /api/v1/admin/pause';
const RESUME = 'POST /api/v1/admin/resume';
const START = '2026-01-15T11:58:00.000Z';
const NOW = '2026-01-15T12:00:30.000Z';

const ORDINARY: Question[] = [
  ['listRecentPosts', 'one', 'GET /api/v1/posts/recent?subreddit=aws&limit=1'],
  ['listRecentPosts', 'none', 'GET /api/v1/posts/recent?subreddit=aws&label=negative'],
  ['listRecentPosts', 'misspelt', 'GET /api/v1/posts/recent?hour=3'],
  ['listRecentPosts', 'unknown', 'GET /api/v1/posts/recent?subreddit=claud'],
  ['getPost', 'post', 'GET /api/v1/posts/p1'],
  ['getPost', 'fullname', 'GET /api/v1/posts/t3_p1'],
  ['getPost', 'unknown', 'GET /api/v1/posts/zzz'],
  ['listComments', 'all', 'GET /api/v1/posts/p1/comments'],
  ['listComments', 'cursor', 'GET /api/v1/posts/p1/comments?cursor=abc'],
  ['listComments', 'unknown', 'GET /api/v1/posts/zzz/comments'],
  ['getStats', 'all', 'GET /api/v1/sentiment/stats'],
  ['getStats', 'empty', 'GET /api/v1/sentiment/stats?subreddit=OpenAI&hours=1'],
  ['getStats', 'range', 'GET /api/v1/sentiment/stats?hours=0'],
  ['getStats', 'unknown', 'GET /api/v1/sentiment/stats?subreddit=nowhere'],
  ['getTrends', 'hours', 'GET /api/v1/sentiment/trends?subreddit=aws&hours=2'],
  ['getTrends', 'word', 'GET /api/v1/sentiment/trends?granularity=month'],
  ['getTrends', 'unknown', 'GET /api/v1/sentiment/trends?subreddit=nowhere'],
  ['listTrending', 'topics', 'GET /api/v1/trending?hours=24&limit=1'],
  ['listTrending', 'none', 'GET /api/v1/trending?subreddit=OpenAI'],
  ['listTrending', 'range', 'GET /api/v1/trending?limit=0'],
  ['listTrending', 'unknown', 'GET /api/v1/trending?subreddit=nowhere'],
  ['listSubreddits', 'all', 'GET /api/v1/subreddits'],
  ['listSubreddits', 'parameter', 'GET /api/v1/subreddits?limit=3'],
  ['listCollections', 'newest', 'GET /api/v1/collections?limit=1'],
  ['listCollections', 'word', 'GET /api/v1/collections?status=done'],
  ['listGaps', 'all', 'GET /api/v1/collections/gaps?limit=1'],
  ['listGaps', 'word', 'GET /api/v1/collections/gaps?status=closing'],
  ['getHealth', 'healthy', 'GET /health'],
  ['getLiveness', 'alive', 'GET /livez'],
  ['getReadiness', 'ready', 'GET /readyz'],
];

const READS: Question[] = [
  ['listRecentPosts', 'database', 'GET /api/v1/posts/recent'],
  ['getPost', 'database', 'GET /api/v1/posts/p1'],
  ['getStats', 'database', 'GET /api/v1/sentiment/stats'],
  ['getTrends', 'database', 'GET /api/v1/sentiment/trends'],
  ['listComments', 'database', 'GET /api/v1/posts/p1/comments'],
  ['listTrending', 'database', 'GET /api/v1/trending'],
  ['listGaps', 'database', 'GET /api/v1/collections/gaps'],
  ['listSubreddits', 'database', 'GET /api/v1/subreddits'],
  ['listCollections', 'database', 'GET /api/v1/collections'],
];

const SITUATIONS: Situation[] = [
  { questions: ORDINARY },
  {
    prepare: async ({ faulty, health }) => {
      faulty.fault = () => new AppError('store_unreachable', 'as if it were down');
      await health.check();
    },
    questions: [
      ...READS,
      ['getHealth', 'unhealthy', 'GET /health'],
      ['getReadiness', 'unavailable', 'GET /readyz'],
    ],
  },
  {
    options: { env: { API_RATE_LIMIT: '1' } },
    headers: { 'x-forwarded-for': '203.0.113.1' },
    // The first is the one that is allowed.
    questions: [
      ['listRecentPosts', 'one', 'GET /api/v1/posts/recent?subreddit=aws&limit=1'],
    ].concat(READS.map(([id, , request]) => [id, 'limit', request])) as Question[],
  },
  { questions: [['collectNow', 'token', COLLECT]] },
  { options: { adminToken: null }, questions: [['collectNow', 'disabled', COLLECT]] },
  {
    headers: WITH_TOKEN,
    prepare: ({ store }) =>
      store.heartbeat({ holder: 'h:1:2:3', pid: 1, memory_mb: 50, runs_skipped: 0 }),
    questions: [['collectNow', 'triggered', COLLECT]],
  },
  {
    headers: WITH_TOKEN,
    prepare: async ({ store }, clock) => {
      await store.heartbeat({ holder: 'h:1:2:3', pid: 1, memory_mb: 50, runs_skipped: 0 });
      await beginTestCycle(store, clock, { id: '20260115T120000Z-1a2b3c' });
    },
    questions: [['collectNow', 'running', COLLECT]],
  },
  {
    headers: WITH_TOKEN,
    options: { collectionOn: false },
    questions: [['collectNow', 'off', COLLECT]],
  },
  { headers: WITH_TOKEN, questions: [['collectNow', 'runner', COLLECT]] },
  {
    questions: [
      ['pauseCollection', 'token', PAUSE],
      ['resumeCollection', 'token', RESUME],
    ],
  },
  {
    headers: WITH_TOKEN,
    questions: [
      ['pauseCollection', 'paused', PAUSE],
      ['collectNow', 'paused', COLLECT],
      ['resumeCollection', 'resumed', RESUME],
      ['resumeCollection', 'again', RESUME],
    ],
  },
];

type Teardown = Parameters<typeof buildTestApp>[0];

/** Asks the live API on a fixed store at a fixed time; the same answers on every machine. */
export async function realExamples(t: Teardown): Promise<Examples> {
  const examples: Examples = {};
  for (const situation of SITUATIONS) {
    const { app } = await aWorld(t, situation);
    for (const [id, name, request] of situation.questions) {
      const [method, url = ''] = request.split(' ');
      const { statusCode, body } = await app.inject({
        method: method === 'POST' ? 'POST' : 'GET',
        url,
        headers: situation.headers ?? {},
      });
      const statuses = (examples[id] ??= {});
      const named = (statuses[String(statusCode)] ??= {});
      named[name] = { summary: request, value: withoutChance(body) };
    }
  }
  return examples;
}

/** A cycle's id ends in six random digits; the seconds of a limit are those of the real clock. */
function withoutChance(body: string): unknown {
  return JSON.parse(
    body
      .replace(/(T\d{6}Z-)[0-9a-f]{6}/g, '$11a2b3c')
      .replace(/try again in \d+ s/, 'try again in 60 s'),
  ) as unknown;
}

async function aWorld(t: Teardown, { options, prepare }: Situation): Promise<TestApp> {
  const clock = new ManualClock(START);
  const testApp = await buildTestApp(t, {
    clock,
    adminToken: TOKEN,
    ...options,
    env: { SUBREDDITS: 'aws,claude,OpenAI', ...options?.env },
  });
  const posts = [
    aPost({ id: 'p1', subreddit: 'aws', title: 'Finally, a good free tier' }),
    aPost({ id: 'p2', subreddit: 'aws', created_utc: '2026-01-15T10:45:00.000Z' }),
    aPost({ id: 'p3', sentiment: aSentiment({ label: 'negative', score: -0.25 }) }),
  ];
  await fillStore(testApp.store, clock, {
    posts,
    comments: [aComment({ subreddit: 'aws' }), aComment({ id: 'c2', subreddit: 'aws' })],
    cycleId: '20260115T115800Z-0f1e2d',
  });
  clock.jumpTo(NOW);
  await testApp.health.check();
  await prepare?.(testApp, clock);
  return testApp;
}
