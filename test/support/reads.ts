import { setMaxListeners } from 'node:events';
import { systemClock } from '../../src/clock.js';

/** A read route, and what its body must hold once there is data. */
interface ReadRoute {
  /** As the README names it. */
  name: string;
  path: string;
  good: (body: unknown) => boolean;
}

export interface ReadReport {
  reads: number;
  /** Of each route. */
  counts: Record<string, number>;
  slowestMs: number;
  /** Whatever was not 200 with the data that was there before, within the deadline. */
  failures: string[];
}

/** Dozens of reads of each route under every fault, without taking the processors from what runs beside. */
const PAUSE_MS = 100;

const some = (body: unknown) => Array.isArray(body) && body.length > 0;
const field = (body: unknown, name: string) => (body as Record<string, unknown> | null)?.[name];

/** Every route that reads. @param postId a stored post */
export function readRoutes(postId: string, subreddits: number): ReadRoute[] {
  const v1 = '/api/v1';
  const all = (body: unknown) =>
    (field(body, 'details') as unknown[] | undefined)?.length === subreddits;
  const counted = (body: unknown) => JSON.stringify(body).match(/"total":[1-9]/) !== null;
  return [
    { name: '/health', path: '/health', good: (body) => field(body, 'causes') !== undefined },
    { name: '/livez', path: '/livez', good: (body) => field(body, 'status') === 'alive' },
    { name: '/readyz', path: '/readyz', good: (body) => field(body, 'status') === 'ready' },
    { name: '/posts/recent', path: `${v1}/posts/recent?limit=50`, good: some },
    {
      name: '/posts/{id}',
      path: `${v1}/posts/${postId}`,
      good: (body) => field(body, 'id') === postId,
    },
    { name: '/sentiment/stats', path: `${v1}/sentiment/stats`, good: counted },
    { name: '/sentiment/trends', path: `${v1}/sentiment/trends`, good: counted },
    {
      name: '/posts/{id}/comments',
      path: `${v1}/posts/${postId}/comments`,
      good: Array.isArray,
    },
    { name: '/collections/gaps', path: `${v1}/collections/gaps`, good: Array.isArray },
    {
      name: '/metrics',
      path: '/metrics',
      good: (body) => String(body).includes('sentimentagent_health_status{status="healthy"}'),
    },
    { name: '/trending', path: `${v1}/trending`, good: Array.isArray },
    { name: '/subreddits', path: `${v1}/subreddits`, good: all },
    { name: '/collections', path: `${v1}/collections`, good: some },
  ];
}

/** Asks every route over and over, each in its own turn, until `stop`; answers what it saw. */
export function keepReading(
  baseUrl: string,
  routes: ReadRoute[],
  deadlineMs: number,
): { stop(): Promise<ReadReport> } {
  const report: ReadReport = { reads: 0, counts: {}, slowestMs: 0, failures: [] };
  const stopped = new AbortController();

  async function ask({ name, path, good }: ReadRoute): Promise<void> {
    const began = performance.now();
    try {
      const answer = await fetch(`${baseUrl}${path}`, { signal: AbortSignal.timeout(60_000) });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
      const ms = Math.round(performance.now() - began);
      report.slowestMs = Math.max(report.slowestMs, ms);
      if (answer.status !== 200) report.failures.push(`${name}: ${answer.status} ${text}`);
      else if (answer.headers.has('x-data-stale')) report.failures.push(`${name}: stale`);
      else if (!good(isJson ? JSON.parse(text) : text))
        report.failures.push(`${name}: without its data: ${text}`);
      else if (ms > deadlineMs) report.failures.push(`${name}: ${ms} ms`);
    } catch (error) {
      report.failures.push(`${name}: ${String((error as Error).cause ?? error)}`);
    }
    report.reads += 1;
    report.counts[name] = (report.counts[name] ?? 0) + 1;
  }

  setMaxListeners(routes.length + 1, stopped.signal); // each route waits for it
  const loops = routes.map(async (route) => {
    while (!stopped.signal.aborted) {
      await ask(route);
      await systemClock.sleep(PAUSE_MS, stopped.signal);
    }
  });
  return {
    async stop() {
      stopped.abort();
      await Promise.all(loops);
      return report;
    },
  };
}
