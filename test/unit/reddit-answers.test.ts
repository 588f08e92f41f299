import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { AppError, type ErrorCode } from '../../src/errors.js';
import { createRedditSource } from '../../src/reddit/client.js';
import type { PostSource } from '../../src/reddit/source.js';
import { judge, type Place } from '../../src/reddit/verdict.js';
import { hurriedClock } from '../support/clock.js';
import { fakeReddit, json, listing } from '../support/fake-reddit.js';
import { silentLog } from '../support/log.js';
import { everyThing, HAS_RECORDINGS, recordedLines } from '../support/recorded.js';
import { RECORDED_VERDICTS } from '../support/recorded-verdicts.js';

const onRecordings = HAS_RECORDINGS ? test : test.skip;
const never = () => new AbortController().signal;
const posts = { subreddit: 'aws', kind: 'post', after: null, limit: 100 } as const;
const clock = hurriedClock(1000);

function source(t: ExecutionContext, url: string): PostSource {
  // A thousand times faster: the deadline is half a real minute, the retries take 21 ms.
  const config = { clientId: 'id', userAgent: 'test/1', baseUrl: url, timeoutMs: 30_000_000 };
  const made = createRedditSource(config, 'secret', { clock, log: silentLog });
  t.teardown(() => made.close());
  return made;
}

/** The second half of the table: what each row comes to, and in how many requests. */
const ROWS: Record<string, { code: ErrorCode; sent: number } | { state: string; sent: number }> = {
  quarantined: { state: 'quarantined', sent: 1 },
  unauthorized: { code: 'reddit_unauthorized', sent: 2 }, // once more, with another token
  token_refused: { code: 'reddit_unauthorized', sent: 1 },
  oauth_error: { code: 'reddit_unauthorized', sent: 1 },
  login_inside: { code: 'reddit_unauthorized', sent: 1 },
  forbidden: { code: 'reddit_forbidden', sent: 1 },
  not_found: { code: 'reddit_not_found', sent: 1 },
  rejected: { code: 'reddit_rejected', sent: 1 },
  errors_inside: { code: 'reddit_rejected', sent: 1 },
  rate_limited: { code: 'reddit_rate_limited', sent: 4 },
  rate_limited_inside: { code: 'reddit_rate_limited', sent: 4 },
  unavailable: { code: 'reddit_unavailable', sent: 4 },
};

interface Recorded {
  type: string;
  request: { method: string; uri: string };
  response: { status: number; headers: Record<string, string>; body: unknown };
}

onRecordings(
  'every recorded error means what its row says (skips without ../shared)',
  async (t) => {
    const exchanges = recordedLines<Recorded>('errors.ndjson.gz');
    t.is(exchanges.length, RECORDED_VERDICTS.length);
    for (const [index, { request, response }] of exchanges.entries()) {
      const expected = RECORDED_VERDICTS[index];
      const what = `${index}: ${request.method} ${request.uri}`;
      const path = request.uri.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*/, '');
      t.deepEqual(
        [response.status, request.method, path],
        [expected?.status, expected?.method, expected?.path],
        what,
      );
      const row = ROWS[expected?.row ?? ''];
      if (row === undefined) t.fail(`${what}: no row ${expected?.row}`);
      else
        await t.notThrowsAsync(checkExchange(t, response, request.uri, expected?.row ?? '', row));
    }
  },
);

async function checkExchange(
  t: ExecutionContext,
  { status, headers, body }: Recorded['response'],
  uri: string,
  name: string,
  row: (typeof ROWS)[string],
): Promise<void> {
  const say = (_: unknown, response: ServerResponse) => {
    const kept = Object.entries(headers).filter(([key]) =>
      /^(x-ratelimit|retry|www|content-type)/i.test(key),
    );
    response.writeHead(status, Object.fromEntries(kept));
    response.end(typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body));
  };
  const onToken = uri.includes('access_token');
  const fake = await fakeReddit(
    t,
    onToken ? (_, r) => json(r, 200, listing([])) : say,
    onToken ? { onToken: say } : {},
  );
  const reddit = source(t, fake.url);
  const answer = await reddit.listing(posts, never()).then(
    (page) => ({ state: page.state }),
    (error: AppError) => ({ code: error.code, row: error.details.row }),
  );
  t.deepEqual(
    answer,
    'state' in row ? { state: row.state as never } : { code: row.code, row: name },
    uri,
  );
  const token = onToken ? 0 : fake.tokensIssued;
  t.is(fake.requests.length - token, row.sent, uri);
  await reddit.close();
}

const unrecorded: [status: number, body: string, place: Place, row: string][] = [
  [200, '', 'content', 'empty'],
  [204, '', 'content', 'empty'],
  [200, '<html>', 'content', 'html'],
  [200, ' \n<!doctype html>', 'token', 'html'],
  [200, '{"kind":"Listing","da', 'content', 'no_json'],
  [200, `${'['.repeat(1_000_000)}`, 'content', 'no_json'],
  [200, '{"message":"Internal Server Error","error":500}', 'content', 'unavailable_inside'],
  [200, '{"message":"Too Many Requests","error":429}', 'content', 'rate_limited_inside'],
  [200, '{"message":"Forbidden","error":403}', 'content', 'forbidden_inside'],
  [200, '{"reason":"private","message":"Forbidden","error":403}', 'content', 'private_inside'],
  [200, '{"error":429}', 'token', 'rate_limited_inside'],
  [200, '{"error":1e99}', 'content', 'unknown_inside'],
  [200, 'null', 'content', 'content'],
  [403, '{"reason":"private","message":"Forbidden","error":403}', 'content', 'private'],
  [403, '{"reason":"gated"}', 'content', 'gated'],
  [404, '{"reason":"banned","message":"Not Found","error":404}', 'content', 'banned'],
  [403, '{"reason":"private"}', 'token', 'forbidden'],
  [404, '{"reason":["banned"]}', 'content', 'not_found'],
  [302, '', 'content', 'redirect'],
  [408, '', 'content', 'timed_out'],
  [429, '<html>', 'content', 'rate_limited'],
  [504, '<html>', 'content', 'unavailable'],
  [530, '', 'token', 'unavailable'],
  [418, '', 'content', 'unknown'],
  [599, '', 'content', 'unknown'],
];
for (const [status, text, place, row] of unrecorded) {
  test(`${status} ${text.slice(0, 50) || '(empty)'} from ${place} is ${row}`, (t) => {
    t.is(judge({ status, headers: {}, text }, place).row, row);
  });
}

onRecordings('every recorded page gives its items (skips without ../shared)', async (t) => {
  const pages = recordedLines<Recorded>('replay_pages.ndjson.gz');
  let current: Recorded['response'] | undefined;
  const fake = await fakeReddit(t, (_, response) =>
    json(response, current?.status ?? 0, current?.body),
  );
  const reddit = source(t, fake.url);
  const total = { posts: 0, comments: 0, more: 0, invalid: 0 };
  for (const [index, { type, response }] of pages.entries()) {
    current = response;
    const page = await read(reddit, type);
    const expected = itemsOf(response.body, type);
    const got = {
      posts: page.posts.map(({ id }) => id),
      comments: page.comments.map(({ id }) => id),
      more: page.more,
      invalid: page.invalid.length,
    };
    t.deepEqual(got, expected, `page ${index}, ${type}`);
    for (const key of ['posts', 'comments', 'more'] as const) total[key] += got[key].length;
    total.invalid += got.invalid;
  }
  t.log(`${pages.length} pages: ${JSON.stringify(total)}`);
  t.true(total.posts > 5000 && total.comments > 10_000 && total.more > 100);
});

async function read(reddit: PostSource, type: string) {
  if (type === 'comments_page') return reddit.thread('abc', never());
  if (type === 'morechildren') return reddit.moreComments('abc', ['def'], never());
  return { ...(await reddit.listing(posts, never())), more: [] };
}

/**
 * The same by another way: everything inside the body, in the order in which it is written.
 * Comments in an inbox have no `link_id`, posts of 2013 by `/api/info` no `subreddit`: of no use
 * to us, and counted as such.
 */
function itemsOf(body: unknown, type: string) {
  const ids = (things: Record<string, unknown>[]) => things.map(({ id }) => id as string);
  const all = { t1: everyThing(body, 't1'), t3: everyThing(body, 't3') };
  const comments = all.t1.filter((comment) => 'link_id' in comment);
  const links = all.t3.filter((post) => 'subreddit' in post);
  const more = everyThing(body, 'more').flatMap(({ children }) => children as string[]);
  const strange = ['t4', 't5'].reduce((sum, kind) => sum + everyThing(body, kind).length, 0);
  return {
    posts: ids(links),
    comments: ids(comments),
    more: type === 'listing' ? [] : more,
    invalid: strange + all.t1.length - comments.length + all.t3.length - links.length,
  };
}
