import { systemClock } from '../../src/clock.js';

/** Questions of a dashboard, each with at least one item in its answer where the store has any. */
export const CHARTS = [
  '/api/v1/sentiment/stats?hours=24',
  '/api/v1/sentiment/trends?hours=24&granularity=hour',
  '/api/v1/trending?hours=24',
  '/api/v1/subreddits',
  '/api/v1/posts/recent',
  '/api/v1/collections',
];

export interface Given {
  status: number;
  stale: boolean;
  age: number | null;
  type: string | null;
  retryAfter: string | null;
  body: string;
}

export async function given(base: string, path: string): Promise<Given> {
  const reply = await fetch(base + path, { signal: AbortSignal.timeout(10_000) });
  const age = reply.headers.get('age');
  return {
    status: reply.status,
    stale: reply.headers.get('x-data-stale') === 'true',
    age: age === null ? null : Number(age),
    type: reply.headers.get('content-type'),
    retryAfter: reply.headers.get('retry-after'),
    body: await reply.text(),
  };
}

export const givenAll = (base: string, paths = CHARTS): Promise<Given[]> =>
  Promise.all(paths.map((path) => given(base, path)));

/** Asks until all are answered from the store; answers how long that took. */
export async function freshAfterMs(
  base: string,
  { paths = CHARTS, withinMs }: { paths?: string[]; withinMs: number },
): Promise<number> {
  const began = systemClock.monotonic();
  for (;;) {
    const answers = await givenAll(base, paths);
    const ms = Math.round(systemClock.monotonic() - began);
    if (answers.every(({ status, stale }) => status === 200 && !stale)) return ms;
    if (ms > withinMs) {
      const seen = answers.map(({ status, stale }) => `${status}${stale ? ' stale' : ''}`);
      throw new Error(`not fresh within ${withinMs} ms: ${seen.join(', ')}`);
    }
    await systemClock.sleep(20);
  }
}

/** The answers once all are given from memory, as stale ones. */
export async function staleAnswers(base: string, withinMs: number): Promise<Given[]> {
  const until = systemClock.monotonic() + withinMs;
  for (;;) {
    const answers = await givenAll(base);
    if (answers.every(({ stale }) => stale)) return answers;
    if (systemClock.monotonic() > until) throw new Error(`not stale within ${withinMs} ms`);
    await systemClock.sleep(20);
  }
}
