import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface FakeReddit {
  url: string;
  /** `METHOD /path?query` of each request, in order. */
  requests: string[];
  tokensIssued: number;
}

type Handler = (request: IncomingMessage, response: ServerResponse, n: number) => void;

/**
 * A server on a free port that issues tokens by itself and answers everything else with
 * `handler`, told the how-manieth such request it is. Closed, connections included, with the test.
 */
export async function fakeReddit(
  t: Pick<ExecutionContext, 'teardown'>,
  handler: Handler,
  options: { tokenSeconds?: number; onToken?: Handler } = {},
): Promise<FakeReddit> {
  const fake: FakeReddit = { url: '', requests: [], tokensIssued: 0 };
  let answered = 0;
  const server = createServer((request, response) => {
    fake.requests.push(`${request.method} ${request.url}`);
    if (request.url === '/api/v1/access_token') {
      fake.tokensIssued += 1;
      if (options.onToken) options.onToken(request, response, fake.tokensIssued);
      else {
        const token = { access_token: `token-${fake.tokensIssued}`, token_type: 'bearer' };
        json(response, 200, { ...token, expires_in: options.tokenSeconds ?? 3600, scope: '*' });
      }
      return;
    }
    answered += 1;
    handler(request, response, answered);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return fake;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers });
  response.end(JSON.stringify(body));
}

export function listing(children: unknown[], after: string | null = null): unknown {
  return { kind: 'Listing', data: { modhash: '', dist: children.length, children, after } };
}

/** A post as Reddit tells it, with the fields we read. */
export function redditPost(id: string, overrides: Record<string, unknown> = {}): unknown {
  return {
    kind: 't3',
    data: {
      id,
      name: `t3_${id}`,
      subreddit: 'aws',
      author: 'someone',
      title: `Title of ${id}`,
      selftext: 'I love it',
      url: `https://www.reddit.com/r/aws/comments/${id}/`,
      permalink: `/r/aws/comments/${id}/title/`,
      created_utc: 1_768_478_400,
      score: 3,
      num_comments: 1,
      stickied: false,
      removed_by_category: null,
      ...overrides,
    },
  };
}

export function redditComment(id: string, overrides: Record<string, unknown> = {}): unknown {
  return {
    kind: 't1',
    data: {
      id,
      name: `t1_${id}`,
      subreddit: 'aws',
      author: 'someone',
      body: 'This is terrible',
      permalink: `/r/aws/comments/abc/title/${id}/`,
      link_id: 't3_abc',
      parent_id: 't3_abc',
      created_utc: 1_768_478_400,
      score: 1,
      stickied: false,
      ...overrides,
    },
  };
}
