import { connect } from 'node:net';
import test from 'ava';
import { buildTestApp } from '../support/app.js';
import { recordingLog } from '../support/log.js';

interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: string;
}

const long = 'x'.repeat(5000);

/** Every way we know to ask wrongly: method, URL, status, what the detail must say. */
const WRONG: [method: string, url: string, status: number, detail: RegExp][] = [
  ['GET', '/', 404, /no route "\/"/],
  ['GET', '/nowhere-at-all', 404, /no route/],
  ['GET', '/api/v1', 404, /no route/],
  ['GET', '/api/v1/post/recent', 404, /did you mean \/api\/v1\/posts\/recent\?/],
  ['GET', '/sentiment/stats?hours=3', 404, /did you mean \/api\/v1\/sentiment\/stats\?/],
  ['GET', '/posts/abc', 404, /did you mean \/api\/v1\/posts\/:id\?/],
  ['GET', '/helth', 404, /did you mean \/health\?/],
  ['GET', '/api/v1/Subreddits/', 404, /did you mean \/api\/v1\/subreddits\?/],
  ['GET', '/api/v1/posts/zzz', 404, /No post/],
  ['POST', '/api/v1/subreddits', 405, /takes GET, HEAD, not POST/],
  ['DELETE', '/api/v1/posts/abc', 405, /takes GET, HEAD, not DELETE/],
  ['GET', '/api/v1/admin/collect', 405, /takes POST, not GET/],
  ['OPTIONS', '/health', 405, /takes GET, HEAD/],
  ['GET', '/%zz', 400, /percent-encoded/],
  ['GET', '/api/v1/posts/%E0%A4%A', 400, /percent-encoded/],
  ['GET', `/api/v1/posts/${'a'.repeat(101)}`, 414, /longer than any/],
  ['GET', `/api/v1/posts/recent?cursor=${long}`, 414, /at most 4096/],
  ['GET', `/${long}`, 414, /at most 4096/],
  [
    'GET',
    '/api/v1/posts/recent?hours=0',
    400,
    /^hours="0" is not accepted: it takes a whole number from 1 to 2160$/,
  ],
  ['GET', '/api/v1/posts/recent?hours=2161', 400, /hours="2161"/],
  ['GET', '/api/v1/posts/recent?hours=1.5', 400, /whole number/],
  ['GET', '/api/v1/posts/recent?hours=', 400, /hours=""/],
  ['GET', '/api/v1/posts/recent?hours=ten', 400, /hours="ten"/],
  ['GET', '/api/v1/posts/recent?hours=1&hours=2', 400, /hours is given more than once/],
  ['GET', '/api/v1/posts/recent?limit=1001', 400, /from 1 to 1000/],
  [
    'GET',
    '/api/v1/posts/recent?label=angry',
    400,
    /label="angry" is not accepted: it takes one of positive, negative, neutral/,
  ],
  ['GET', '/api/v1/posts/recent?cursor=', 400, /cursor=""/],
  ['GET', `/api/v1/posts/recent?subreddit=${'s'.repeat(65)}`, 400, /name of a subreddit/],
  ['GET', '/api/v1/posts/recent?subreddit=', 400, /name of a subreddit/],
  [
    'GET',
    '/api/v1/posts/recent?hour=3',
    400,
    /"hour" is not a parameter of this route: did you mean hours\?/,
  ],
  [
    'GET',
    '/api/v1/posts/recent?xyzzy=3',
    400,
    /this route takes subreddit, hours, limit, label, cursor/,
  ],
  ['GET', '/api/v1/subreddits?limit=3', 400, /this route takes none/],
  ['GET', '/api/v1/sentiment/stats?granularity=day', 400, /is not a parameter/],
  ['GET', '/api/v1/sentiment/trends?granularity=month', 400, /one of hour, day, week/],
  ['GET', '/api/v1/sentiment/trends?subreddit=nowhere', 404, /no subreddit "nowhere"/],
  ['GET', '/api/v1/trending?limit=101', 400, /from 1 to 100/],
  ['GET', '/api/v1/trending?hours=721', 400, /from 1 to 720/],
  ['GET', '/api/v1/trending?hours=0', 400, /from 1 to 720/],
  ['GET', '/api/v1/trending?hour=24', 400, /did you mean hours\?/],
  ['GET', '/api/v1/collections?limit=201', 400, /from 1 to 200/],
  ['GET', '/api/v1/collections?status=done', 400, /one of running, succeeded, partial, failed/],
  ['POST', '/api/v1/admin/collect', 403, /ADMIN_TOKEN_FILE/],
  ['GET', '/api/v1/posts/recent?__proto__=1', 400, /not a parameter/],
  ['GET', '/api/v1/posts/recent?constructor=1', 400, /not a parameter/],
];

for (const [method, url, status, detail] of WRONG) {
  test(`${method} ${url.slice(0, 70)}: ${status}`, async (t) => {
    const { log, lines } = recordingLog();
    const { app } = await buildTestApp(t, { log });
    const reply = await app.inject({ method: method as 'GET', url });
    t.is(reply.statusCode, status, reply.body);
    t.is(reply.headers['content-type'], 'application/problem+json');
    const body = reply.json<Problem>();
    t.is(body.status, status);
    t.regex(body.detail, detail);
    t.regex(body.type, /^urn:sentimentagent:problem:/);
    t.true(body.title.length > 0 && body.code.length > 0);
    t.is(body.instance, url.replace(/\?.*/, '').slice(0, 200));
    if (status === 405) t.regex(String(reply.headers.allow), /GET|POST/);
    t.deepEqual(
      lines.filter(({ level }) => level === 'error'),
      [],
      "a client's mistake is no error of ours",
    );
  });
}

test('HEAD answers like GET, without a body', async (t) => {
  const { app } = await buildTestApp(t);
  const good = await app.inject({ method: 'HEAD', url: '/api/v1/sentiment/stats' });
  t.is(good.statusCode, 200);
  t.is(good.body, '');
  const wrong = await app.inject({ method: 'HEAD', url: '/api/v1/sentiment/stats?hours=0' });
  t.is(wrong.statusCode, 400);
});

async function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

test('what is not HTTP, or has too large headers, is answered as a problem too', async (t) => {
  const { app } = await buildTestApp(t);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  const garbage = await raw(port, 'HELLO\r\n\r\n');
  t.regex(garbage, /^HTTP\/1\.1 400 /);
  t.regex(garbage, /application\/problem\+json[\s\S]*"detail":"What was sent is no valid HTTP/);
  const large = await raw(
    port,
    `GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`,
  );
  t.regex(large, /^HTTP\/1\.1 431 /);
  t.regex(large, /"code":"headers_too_large"/);
  const noHost = await raw(port, 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n');
  t.regex(noHost, /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*Host header/);
});

test('requests are logged at debug only, one line each', async (t) => {
  const { log, lines } = recordingLog();
  const quiet = recordingLog();
  quiet.log.level = 'info';
  const { app } = await buildTestApp(t, { log });
  const other = await buildTestApp(t, { log: quiet.log });
  await app.inject('/livez');
  await other.app.inject('/livez');
  t.deepEqual(quiet.lines, []);
  const requests = lines.filter(({ msg }) => msg === 'request');
  t.is(requests.length, 1);
  t.like(requests[0], { level: 'debug', method: 'GET', url: '/livez', status: 200 });
});

for (const odd of ['Infinity', '-Infinity', '1e400', '1e3', '0x10', '%2024', '2.0']) {
  test(`hours=${odd} and limit=${odd} are no whole numbers`, async (t) => {
    const { app } = await buildTestApp(t);
    for (const path of ['sentiment/stats?hours', 'trending?hours', 'posts/recent?limit']) {
      const answer = await app.inject(`/api/v1/${path}=${odd}`);
      t.is(answer.statusCode, 400, path);
      t.regex(answer.json<{ detail: string }>().detail, /whole number from 1 to/);
    }
  });
}
