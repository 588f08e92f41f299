import type { Example } from './types.js';

/**
 * Real answers by operationId, status and name, to the request in the summary. Written by
 * `npm run examples` and compared with the live API by test/api/openapi.test.ts: do not edit.
 */
export const EXAMPLES: Record<string, Record<string, Record<string, Example>>> = {
  listRecentPosts: {
    '200': {
      one: {
        summary: 'GET /api/v1/posts/recent?subreddit=aws&limit=1',
        value: [
          {
            id: 'p2',
            subreddit: 'aws',
            author: 'someone',
            title: 'A title',
            content: 'Some text.',
            url: 'https://example.org/',
            permalink: '/r/aws/comments/p2/a_title/',
            created_utc: '2026-01-15T10:45:00.000Z',
            upvotes: 10,
            comment_count: 2,
            collected_at: '2026-01-15T11:58:00.000Z',
            updated_at: '2026-01-15T11:58:00.000Z',
            sentiment: {
              label: 'positive',
              score: 0.5,
              confidence: 0.8,
              method: 'lexicon',
              scorer_version: 'test-1',
            },
          },
        ],
      },
      none: { summary: 'GET /api/v1/posts/recent?subreddit=aws&label=negative', value: [] },
    },
    '400': {
      misspelt: {
        summary: 'GET /api/v1/posts/recent?hour=3',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail: '"hour" is not a parameter of this route: did you mean hours?',
          instance: '/api/v1/posts/recent',
          code: 'invalid_request',
        },
      },
    },
    '404': {
      unknown: {
        summary: 'GET /api/v1/posts/recent?subreddit=claud',
        value: {
          closest: 'claude',
          type: 'urn:sentimentagent:problem:unknown_subreddit',
          title: 'Unknown subreddit',
          status: 404,
          detail: 'There is no subreddit "claud" here: did you mean claude?',
          instance: '/api/v1/posts/recent',
          code: 'unknown_subreddit',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/posts/recent',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/posts/recent',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/posts/recent',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/posts/recent',
          code: 'store_unreachable',
          request_id: 'req-1',
        },
      },
    },
  },
  getPost: {
    '200': {
      post: {
        summary: 'GET /api/v1/posts/p1',
        value: {
          id: 'p1',
          subreddit: 'aws',
          author: 'someone',
          title: 'Finally, a good free tier',
          content: 'Some text.',
          url: 'https://example.org/',
          permalink: '/r/aws/comments/p1/a_title/',
          created_utc: '2026-01-15T11:30:00.000Z',
          upvotes: 10,
          comment_count: 2,
          collected_at: '2026-01-15T11:58:00.000Z',
          updated_at: '2026-01-15T11:58:00.000Z',
          sentiment: {
            label: 'positive',
            score: 0.5,
            confidence: 0.8,
            method: 'lexicon',
            scorer_version: 'test-1',
          },
        },
      },
    },
    '400': {
      fullname: {
        summary: 'GET /api/v1/posts/t3_p1',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail:
            'id="t3_p1" is not accepted: it takes Reddit\'s id of a post: 1 to 16 lower-case letters and digits, without t3_',
          instance: '/api/v1/posts/t3_p1',
          code: 'invalid_request',
        },
      },
    },
    '404': {
      unknown: {
        summary: 'GET /api/v1/posts/zzz',
        value: {
          type: 'urn:sentimentagent:problem:not_found',
          title: 'Not found',
          status: 404,
          detail: 'No post with the id "zzz" is stored',
          instance: '/api/v1/posts/zzz',
          code: 'not_found',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/posts/p1',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/posts/p1',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/posts/p1',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/posts/p1',
          code: 'store_unreachable',
          request_id: 'req-2',
        },
      },
    },
  },
  listComments: {
    '200': {
      all: {
        summary: 'GET /api/v1/posts/p1/comments',
        value: [
          {
            id: 'c1',
            post_id: 'p1',
            parent_id: 't3_p1',
            subreddit: 'aws',
            author: 'somebody',
            content: 'An answer.',
            permalink: '/r/aws/comments/p1/a_title/c1/',
            created_utc: '2026-01-15T11:40:00.000Z',
            upvotes: 1,
            collected_at: '2026-01-15T11:58:00.001Z',
            updated_at: '2026-01-15T11:58:00.001Z',
            sentiment: {
              label: 'neutral',
              score: 0,
              confidence: 0.8,
              method: 'lexicon',
              scorer_version: 'test-1',
            },
          },
          {
            id: 'c2',
            post_id: 'p1',
            parent_id: 't3_p1',
            subreddit: 'aws',
            author: 'somebody',
            content: 'An answer.',
            permalink: '/r/aws/comments/p1/a_title/c2/',
            created_utc: '2026-01-15T11:40:00.000Z',
            upvotes: 1,
            collected_at: '2026-01-15T11:58:00.001Z',
            updated_at: '2026-01-15T11:58:00.001Z',
            sentiment: {
              label: 'neutral',
              score: 0,
              confidence: 0.8,
              method: 'lexicon',
              scorer_version: 'test-1',
            },
          },
        ],
      },
    },
    '400': {
      cursor: {
        summary: 'GET /api/v1/posts/p1/comments?cursor=abc',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail:
            'cursor is not one of ours: take it unchanged from the Link header of the page before',
          instance: '/api/v1/posts/p1/comments',
          code: 'invalid_request',
        },
      },
    },
    '404': {
      unknown: {
        summary: 'GET /api/v1/posts/zzz/comments',
        value: {
          type: 'urn:sentimentagent:problem:not_found',
          title: 'Not found',
          status: 404,
          detail: 'Neither a post "zzz" nor a comment of it is stored',
          instance: '/api/v1/posts/zzz/comments',
          code: 'not_found',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/posts/p1/comments',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/posts/p1/comments',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/posts/p1/comments',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/posts/p1/comments',
          code: 'store_unreachable',
          request_id: 'req-5',
        },
      },
    },
  },
  getStats: {
    '200': {
      all: {
        summary: 'GET /api/v1/sentiment/stats',
        value: {
          subreddit: 'all',
          time_window_hours: 24,
          statistics: {
            total: 5,
            positive: 2,
            negative: 1,
            neutral: 2,
            avg_sentiment: 0.15,
            posts: 3,
            comments: 2,
            last_item_at: '2026-01-15T11:40:00.000Z',
            previous: {
              total: 0,
              positive: 0,
              negative: 0,
              neutral: 0,
              avg_sentiment: 0,
              posts: 0,
              comments: 0,
              last_item_at: null,
            },
          },
          timestamp: '2026-01-15T12:00:00.000Z',
        },
      },
      empty: {
        summary: 'GET /api/v1/sentiment/stats?subreddit=OpenAI&hours=1',
        value: {
          subreddit: 'OpenAI',
          time_window_hours: 1,
          statistics: {
            total: 0,
            positive: 0,
            negative: 0,
            neutral: 0,
            avg_sentiment: 0,
            posts: 0,
            comments: 0,
            last_item_at: null,
            previous: {
              total: 0,
              positive: 0,
              negative: 0,
              neutral: 0,
              avg_sentiment: 0,
              posts: 0,
              comments: 0,
              last_item_at: null,
            },
          },
          timestamp: '2026-01-15T12:00:00.000Z',
        },
      },
    },
    '400': {
      range: {
        summary: 'GET /api/v1/sentiment/stats?hours=0',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail: 'hours="0" is not accepted: it takes a whole number from 1 to 2160',
          instance: '/api/v1/sentiment/stats',
          code: 'invalid_request',
        },
      },
    },
    '404': {
      unknown: {
        summary: 'GET /api/v1/sentiment/stats?subreddit=nowhere',
        value: {
          type: 'urn:sentimentagent:problem:unknown_subreddit',
          title: 'Unknown subreddit',
          status: 404,
          detail: 'There is no subreddit "nowhere" here: it takes one of aws, claude, OpenAI',
          instance: '/api/v1/sentiment/stats',
          code: 'unknown_subreddit',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/sentiment/stats',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/sentiment/stats',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/sentiment/stats',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/sentiment/stats',
          code: 'store_unreachable',
          request_id: 'req-3',
        },
      },
    },
  },
  getTrends: {
    '200': {
      hours: {
        summary: 'GET /api/v1/sentiment/trends?subreddit=aws&hours=2',
        value: {
          subreddit: 'aws',
          time_window_hours: 2,
          granularity: 'hour',
          trend_data: [
            {
              start: '2026-01-15T10:00:00.000Z',
              total: 1,
              positive: 1,
              negative: 0,
              neutral: 0,
              avg_sentiment: 0.5,
              coverage: 0,
            },
            {
              start: '2026-01-15T11:00:00.000Z',
              total: 3,
              positive: 1,
              negative: 0,
              neutral: 2,
              avg_sentiment: 0.1667,
              coverage: 1,
            },
          ],
          timestamp: '2026-01-15T12:00:00.000Z',
        },
      },
    },
    '400': {
      word: {
        summary: 'GET /api/v1/sentiment/trends?granularity=month',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail: 'granularity="month" is not accepted: it takes one of hour, day, week',
          instance: '/api/v1/sentiment/trends',
          code: 'invalid_request',
        },
      },
    },
    '404': {
      unknown: {
        summary: 'GET /api/v1/sentiment/trends?subreddit=nowhere',
        value: {
          type: 'urn:sentimentagent:problem:unknown_subreddit',
          title: 'Unknown subreddit',
          status: 404,
          detail: 'There is no subreddit "nowhere" here: it takes one of aws, claude, OpenAI',
          instance: '/api/v1/sentiment/trends',
          code: 'unknown_subreddit',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/sentiment/trends',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/sentiment/trends',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/sentiment/trends',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/sentiment/trends',
          code: 'store_unreachable',
          request_id: 'req-4',
        },
      },
    },
  },
  listTrending: {
    '200': {
      topics: { summary: 'GET /api/v1/trending?hours=24&limit=1', value: [] },
      none: { summary: 'GET /api/v1/trending?subreddit=OpenAI', value: [] },
    },
    '400': {
      range: {
        summary: 'GET /api/v1/trending?limit=0',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail: 'limit="0" is not accepted: it takes a whole number from 1 to 100',
          instance: '/api/v1/trending',
          code: 'invalid_request',
        },
      },
    },
    '404': {
      unknown: {
        summary: 'GET /api/v1/trending?subreddit=nowhere',
        value: {
          type: 'urn:sentimentagent:problem:unknown_subreddit',
          title: 'Unknown subreddit',
          status: 404,
          detail: 'There is no subreddit "nowhere" here: it takes one of aws, claude, OpenAI',
          instance: '/api/v1/trending',
          code: 'unknown_subreddit',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/trending',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/trending',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/trending',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/trending',
          code: 'store_unreachable',
          request_id: 'req-6',
        },
      },
    },
  },
  listSubreddits: {
    '200': {
      all: {
        summary: 'GET /api/v1/subreddits',
        value: {
          subreddits: ['aws', 'claude', 'OpenAI'],
          count: 3,
          details: [
            {
              name: 'aws',
              state: 'active',
              last_success_at: '2026-01-15T11:58:00.000Z',
              watermark_at: '2026-01-15T10:45:00.000Z',
              items_24h: 4,
              coverage_24h: 0.5,
              gaps: 0,
            },
            {
              name: 'claude',
              state: 'active',
              last_success_at: '2026-01-15T11:58:00.000Z',
              watermark_at: '2026-01-15T11:30:00.000Z',
              items_24h: 1,
              coverage_24h: 0,
              gaps: 0,
            },
            {
              name: 'OpenAI',
              state: 'unknown',
              last_success_at: null,
              watermark_at: null,
              items_24h: 0,
              coverage_24h: null,
              gaps: 0,
            },
          ],
        },
      },
    },
    '400': {
      parameter: {
        summary: 'GET /api/v1/subreddits?limit=3',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail: '"limit" is not a parameter of this route: this route takes none',
          instance: '/api/v1/subreddits',
          code: 'invalid_request',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/subreddits',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/subreddits',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/subreddits',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/subreddits',
          code: 'store_unreachable',
          request_id: 'req-8',
        },
      },
    },
  },
  listCollections: {
    '200': {
      newest: {
        summary: 'GET /api/v1/collections?limit=1',
        value: [
          {
            id: '20260115T115800Z-1a2b3c',
            started_at: '2026-01-15T11:58:00.000Z',
            finished_at: '2026-01-15T11:58:00.000Z',
            status: 'succeeded',
            trigger: 'manual',
            subreddits: [
              {
                name: 'aws',
                state: 'active',
                posts_new: 2,
                posts_seen: 0,
                comments_new: 2,
                comments_seen: 0,
                skipped: { stickied: 2 },
                requests: 2,
                duration_ms: 400,
                gap: null,
                error: null,
              },
              {
                name: 'claude',
                state: 'active',
                posts_new: 1,
                posts_seen: 0,
                comments_new: 0,
                comments_seen: 0,
                skipped: { stickied: 2 },
                requests: 2,
                duration_ms: 400,
                gap: null,
                error: null,
              },
            ],
            errors: [],
            memory_start_mb: 50,
            memory_end_mb: 55.5,
            duration_ms: 1234,
            upkeep: null,
          },
        ],
      },
    },
    '400': {
      word: {
        summary: 'GET /api/v1/collections?status=done',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail:
            'status="done" is not accepted: it takes one of running, succeeded, partial, failed',
          instance: '/api/v1/collections',
          code: 'invalid_request',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/collections',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/collections',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/collections',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/collections',
          code: 'store_unreachable',
          request_id: 'req-9',
        },
      },
    },
  },
  listGaps: {
    '200': { all: { summary: 'GET /api/v1/collections/gaps?limit=1', value: [] } },
    '400': {
      word: {
        summary: 'GET /api/v1/collections/gaps?status=closing',
        value: {
          type: 'urn:sentimentagent:problem:invalid_request',
          title: 'Invalid request',
          status: 400,
          detail: 'status="closing" is not accepted: it takes one of open, closed, lost',
          instance: '/api/v1/collections/gaps',
          code: 'invalid_request',
        },
      },
    },
    '429': {
      limit: {
        summary: 'GET /api/v1/collections/gaps',
        value: {
          type: 'urn:sentimentagent:problem:rate_limited',
          title: 'Too many requests',
          status: 429,
          detail: 'More than 1 requests in a minute came from this address: try again in 60 s',
          instance: '/api/v1/collections/gaps',
          code: 'rate_limited',
        },
      },
    },
    '503': {
      database: {
        summary: 'GET /api/v1/collections/gaps',
        value: {
          type: 'urn:sentimentagent:problem:store_unreachable',
          title: 'Store unreachable',
          status: 503,
          detail: 'The database does not answer at the moment; /health names the cause',
          instance: '/api/v1/collections/gaps',
          code: 'store_unreachable',
          request_id: 'req-7',
        },
      },
    },
  },
  getHealth: {
    '200': {
      healthy: {
        summary: 'GET /health',
        value: {
          status: 'healthy',
          timestamp: '2026-01-15T12:00:30.000Z',
          process: {
            uptime_seconds: 100,
            memory_mb: 100,
            cpu_percent: 1,
            pid: 4711,
            event_loop_delay_ms: 0,
          },
          application: {
            last_collection_at: '2026-01-15T11:58:00.000Z',
            collections_succeeded: 1,
            collections_failed: 0,
            data_freshness_minutes: 2.5,
            running_cycle: null,
            subreddits_failing: [],
            gaps_open: 0,
            jobs_heartbeat_age_seconds: null,
          },
          database: { connected: true, latency_ms: 0, checked_seconds_ago: 0 },
          causes: [
            {
              code: 'jobs_silent',
              severity: 'warning',
              message: 'The jobs process has never reported to this store',
              restart_would_help: false,
            },
          ],
        },
      },
    },
    '503': {
      unhealthy: {
        summary: 'GET /health',
        value: {
          status: 'unhealthy',
          timestamp: '2026-01-15T12:00:30.000Z',
          process: {
            uptime_seconds: 100,
            memory_mb: 100,
            cpu_percent: 1,
            pid: 4711,
            event_loop_delay_ms: 0,
          },
          application: {
            last_collection_at: '2026-01-15T11:58:00.000Z',
            collections_succeeded: 1,
            collections_failed: 0,
            data_freshness_minutes: 2.5,
            running_cycle: null,
            subreddits_failing: [],
            gaps_open: 0,
            jobs_heartbeat_age_seconds: null,
          },
          database: { connected: false, latency_ms: 0, checked_seconds_ago: 0 },
          causes: [
            {
              code: 'database_unreachable',
              severity: 'critical',
              message:
                'The database does not answer (store_unreachable); its last answer came 0 s ago',
              restart_would_help: false,
            },
          ],
        },
      },
    },
  },
  getLiveness: { '200': { alive: { summary: 'GET /livez', value: { status: 'alive' } } } },
  getReadiness: {
    '200': { ready: { summary: 'GET /readyz', value: { status: 'ready' } } },
    '503': {
      unavailable: {
        summary: 'GET /readyz',
        value: {
          status: 'unavailable',
          causes: [
            {
              code: 'database_unreachable',
              severity: 'critical',
              message:
                'The database does not answer (store_unreachable); it did not answer when asked',
              restart_would_help: false,
            },
          ],
        },
      },
    },
  },
  collectNow: {
    '202': {
      triggered: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          status: 'triggered',
          message: 'The job runner starts this cycle within two seconds; see /collections',
          cycle_id: '20260115T120030Z-1a2b3c',
          timestamp: '2026-01-15T12:00:30.000Z',
        },
      },
    },
    '401': {
      token: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          type: 'urn:sentimentagent:problem:unauthorized',
          title: 'Unauthorized',
          status: 401,
          detail: 'This route needs the header Authorization: Bearer TOKEN',
          instance: '/api/v1/admin/collect',
          code: 'unauthorized',
        },
      },
    },
    '403': {
      disabled: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          type: 'urn:sentimentagent:problem:admin_disabled',
          title: 'Admin routes are disabled',
          status: 403,
          detail:
            'Admin routes are disabled: put a long random token into a file, name it in ADMIN_TOKEN_FILE, and restart the API',
          instance: '/api/v1/admin/collect',
          code: 'admin_disabled',
        },
      },
    },
    '409': {
      running: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          cycle_id: '20260115T120000Z-1a2b3c',
          type: 'urn:sentimentagent:problem:collection_running',
          title: 'Collection is running',
          status: 409,
          detail: 'Cycle 20260115T120000Z-1a2b3c is running or requested',
          instance: '/api/v1/admin/collect',
          code: 'collection_running',
        },
      },
      off: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          type: 'urn:sentimentagent:problem:collection_off',
          title: 'Collection is off',
          status: 409,
          detail:
            'Collection is off: set REDDIT_CLIENT_ID, REDDIT_CLIENT_SECRET_FILE and REDDIT_USER_AGENT, then restart',
          instance: '/api/v1/admin/collect',
          code: 'collection_off',
        },
      },
      paused: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          since: '2026-01-15T12:00:30.000Z',
          type: 'urn:sentimentagent:problem:collection_paused',
          title: 'Collection is paused',
          status: 409,
          detail: 'Collection is paused since 2026-01-15T12:00:30.000Z; POST /admin/resume first',
          instance: '/api/v1/admin/collect',
          code: 'collection_paused',
        },
      },
    },
    '503': {
      runner: {
        summary: 'POST /api/v1/admin/collect',
        value: {
          type: 'urn:sentimentagent:problem:jobs_unavailable',
          title: 'Job runner unavailable',
          status: 503,
          detail: 'The jobs process has never reported: start it (pm2 start jobs)',
          instance: '/api/v1/admin/collect',
          code: 'jobs_unavailable',
          request_id: 'req-1',
        },
      },
    },
  },
  pauseCollection: {
    '202': {
      paused: {
        summary: 'POST /api/v1/admin/pause',
        value: {
          status: 'paused',
          message: 'Collection is paused since 2026-01-15T12:00:30.000Z',
          timestamp: '2026-01-15T12:00:30.000Z',
        },
      },
    },
    '401': {
      token: {
        summary: 'POST /api/v1/admin/pause',
        value: {
          type: 'urn:sentimentagent:problem:unauthorized',
          title: 'Unauthorized',
          status: 401,
          detail: 'This route needs the header Authorization: Bearer TOKEN',
          instance: '/api/v1/admin/pause',
          code: 'unauthorized',
        },
      },
    },
  },
  resumeCollection: {
    '202': {
      resumed: {
        summary: 'POST /api/v1/admin/resume',
        value: {
          status: 'resumed',
          message: 'Collection goes on; it was paused since 2026-01-15T12:00:30.000Z',
          timestamp: '2026-01-15T12:00:30.000Z',
        },
      },
      again: {
        summary: 'POST /api/v1/admin/resume',
        value: {
          status: 'resumed',
          message: 'Collection was not paused',
          timestamp: '2026-01-15T12:00:30.000Z',
        },
      },
    },
    '401': {
      token: {
        summary: 'POST /api/v1/admin/resume',
        value: {
          type: 'urn:sentimentagent:problem:unauthorized',
          title: 'Unauthorized',
          status: 401,
          detail: 'This route needs the header Authorization: Bearer TOKEN',
          instance: '/api/v1/admin/resume',
          code: 'unauthorized',
        },
      },
    },
  },
};
