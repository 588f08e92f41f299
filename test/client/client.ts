/**
 * A client that knows the API by its OpenAPI document alone: `./api.js` is generated from what a
 * live server says of itself, then this is compiled against it and run (test/api/client.test.ts).
 * Not part of the build.
 */
import type { components, paths } from './api.js';

type Post = components['schemas']['Post'];
type Problem = components['schemas']['Problem'];

type ReadPath = {
  [P in keyof paths]: paths[P] extends { get: object } ? P : never;
}[keyof paths];
type Read<P extends ReadPath> = paths[P]['get'];
type Query<P extends ReadPath> =
  Read<P> extends { parameters: { query?: infer Q } } ? NonNullable<Q> : never;
type InPath<P extends ReadPath> =
  Read<P> extends { parameters: { path: infer I } } ? I : Record<never, never>;
type Body<P extends ReadPath> =
  Read<P> extends { responses: { 200: { content: { 'application/json': infer B } } } } ? B : never;

interface Asked<P extends ReadPath> {
  query?: Query<P>;
  path?: InPath<P>;
}

type Told<T> = { data: T; link: string | null } | { problem: Problem };

/** What was seen, one entry for each thing asked. */
export type Seen = Record<string, unknown>;

export async function tour(baseUrl: string, token: string): Promise<Seen> {
  const seen: Seen = {};

  async function ask<P extends ReadPath>(path: P, asked: Asked<P> = {}): Promise<Told<Body<P>>> {
    const url = new URL(
      path.replace(/\{(\w+)\}/g, (_, name) => valueOf(asked.path, name)),
      baseUrl,
    );
    for (const [name, value] of Object.entries(asked.query ?? {})) {
      url.searchParams.set(name, String(value));
    }
    return told(await fetch(url));
  }
  const get = async <P extends ReadPath>(path: P, asked: Asked<P> = {}): Promise<Body<P>> =>
    right(await ask(path, asked)).data;
  const refused = async <P extends ReadPath>(path: P, asked: Asked<P> = {}): Promise<string> =>
    refusal(await ask(path, asked));

  // Operations
  seen.health = (await get('/health')).status;
  seen.healthV1 = (await get('/api/v1/health')).application?.collections_succeeded;
  seen.alive = [(await get('/livez')).status, (await get('/api/v1/livez')).status];
  seen.ready = [(await get('/readyz')).status, (await get('/api/v1/readyz')).status];

  // Not JSON: its type is text, so it is asked by hand
  type Figures = paths['/metrics']['get']['responses'][200]['content']['text/plain'];
  const figures: Figures = await (await fetch(new URL('/metrics', baseUrl))).text();
  seen.metrics = figures.includes('sentimentagent_health_status');

  // Posts, page by page as the Link header says
  const first = right(
    await ask('/api/v1/posts/recent', {
      query: { subreddit: 'aws', limit: 2, hours: 24, label: 'positive' },
    }),
  );
  const posts: Post[] = first.data;
  const next = /^<([^>]+)>; rel="next"$/.exec(first.link ?? '')?.[1];
  const cursor = new URL(next ?? '', baseUrl).searchParams.get('cursor') ?? '';
  const rest = await get('/api/v1/posts/recent', {
    query: { subreddit: 'aws', limit: 2, label: 'positive', cursor },
  });
  seen.posts = [...posts, ...rest].map(({ id }) => id);
  const id = posts[0]?.id ?? '';
  const one: Post = await get('/api/v1/posts/{id}', { path: { id } });
  const score: number = one.sentiment.score;
  seen.post = [one.id, score];

  const comments = await get('/api/v1/posts/{id}/comments', { path: { id: 'p1' } });
  const parent: string | undefined = comments[0]?.parent_id;
  seen.comments = [comments.length, parent];

  // Sentiment
  const stats = await get('/api/v1/sentiment/stats', { query: { hours: 24 } });
  const mean: number = stats.statistics.avg_sentiment;
  const before: number | undefined = stats.statistics.previous?.total;
  seen.stats = [stats.subreddit, stats.statistics.total, mean > 0, before];
  const trends = await get('/api/v1/sentiment/trends', {
    query: { granularity: 'day', hours: 48 },
  });
  seen.trends = trends.trend_data.reduce((sum, { total }) => sum + total, 0);

  const topics = await get('/api/v1/trending', { query: { hours: 24, limit: 5 } });
  const theme: string | undefined = topics[0]?.theme;
  seen.trending = theme;

  // Subreddits, collections
  const { details } = await get('/api/v1/subreddits');
  const last: string | null | undefined = details[0]?.last_success_at;
  seen.subreddits = [details.length, typeof last];
  const [cycle] = await get('/api/v1/collections', { query: { status: 'succeeded' } });
  seen.cycle = cycle?.subreddits.map(({ name, posts_new }) => [name, posts_new]);

  const gaps = await get('/api/v1/collections/gaps', { query: { status: 'open' } });
  seen.gaps = gaps.length;

  // Admin
  type Collect = paths['/api/v1/admin/collect']['post'];
  type Triggered = Collect['responses'][202]['content']['application/json'];
  const collect = async (headers: Record<string, string>): Promise<Told<Triggered>> =>
    told(await fetch(new URL('/api/v1/admin/collect', baseUrl), { method: 'POST', headers }));
  const known = { authorization: `Bearer ${token}` };
  seen.collect = right(await collect(known)).data.status;
  seen.again = refusal(await collect(known));
  seen.stranger = refusal(await collect({}));

  type Pause = paths['/api/v1/admin/pause']['post'];
  const body: NonNullable<Pause['requestBody']>['content']['application/json'] = {
    reason: 'a client that pauses',
  };
  type PauseAnswer = Pause['responses'][202]['content']['application/json'];
  type Resume = paths['/api/v1/admin/resume']['post'];
  type ResumeAnswer = Resume['responses'][202]['content']['application/json'];
  const post = async <T>(path: string, json?: unknown): Promise<Told<T>> =>
    told(
      await fetch(new URL(path, baseUrl), {
        method: 'POST',
        headers: { ...known, 'content-type': 'application/json' },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      }),
    );
  const paused = right(await post<PauseAnswer>('/api/v1/admin/pause', body)).data;
  seen.paused = [paused.status, paused.message.endsWith(body.reason ?? '')];
  seen.resumed = right(await post<ResumeAnswer>('/api/v1/admin/resume')).data.status;

  // What is refused
  seen.hours = await refused('/api/v1/sentiment/stats', { query: { hours: 0 } });
  seen.unknown = await refused('/api/v1/posts/recent', { query: { subreddit: 'nowhere' } });
  seen.missing = await refused('/api/v1/posts/{id}', { path: { id: 'zzz' } });
  seen.cursor = await refused('/api/v1/posts/recent', { query: { cursor: 'not-ours' } });
  return seen;
}

async function told<T>(answer: Response): Promise<Told<T>> {
  const body: unknown = await answer.json();
  return answer.ok
    ? { data: body as T, link: answer.headers.get('link') }
    : { problem: body as Problem };
}

function right<T>(answer: Told<T>): { data: T; link: string | null } {
  if ('problem' in answer) throw new Error(`${answer.problem.instance}: ${answer.problem.detail}`);
  return answer;
}

function refusal(answer: Told<unknown>): string {
  if (!('problem' in answer)) throw new Error('it was not refused');
  const { status, code } = answer.problem;
  return `${status} ${code}`;
}

function valueOf(values: unknown, name: string): string {
  return encodeURIComponent(String((values as Record<string, unknown> | undefined)?.[name]));
}
