import { createHash } from 'node:crypto';
import type { RequestEvent } from '../../src/cosmos-account/holds.js';
import type { ItemsDocument } from '../../src/store/cosmos/documents/documents.js';
import { unpackLine } from '../../src/store/cosmos/documents/lines.js';
import type { CosmosCrashBench, Documents, Watch } from './cosmos-crash-bench.js';

/** A moment of a cycle: before or after the n-th of its batches, or of its other requests. */
export interface Point {
  sort: 'batch' | 'other';
  n: number;
  phase: RequestEvent['phase'];
}

export const nameOf = ({ sort, n, phase }: Point) =>
  `${phase} ${sort === 'batch' ? 'batch' : 'other request'} ${n}`;

export const isAt = (a: Point, b: Point) => nameOf(a) === nameOf(b);

/** Both phases of a request. */
export const around = (request: Pick<Point, 'sort' | 'n'>): Point[] =>
  (['before', 'after'] as const).map((phase) => ({ ...request, phase }));

/** Tells of each request which it is of its sort. */
export function numbered(meet: (point: Point, event: RequestEvent) => ReturnType<Watch>): Watch {
  const counts = { batch: 0, other: 0 };
  const points = new Map<number, Pick<Point, 'sort' | 'n'>>();
  return (event) => {
    const known = points.get(event.n);
    if (known !== undefined) return meet({ ...known, phase: event.phase }, event);
    const sort = event.operation === 'batch' ? 'batch' : 'other';
    counts[sort] += 1;
    const point = { sort, n: counts[sort] } as const;
    points.set(event.n, point);
    return meet({ ...point, phase: event.phase }, event);
  };
}

/** What differs from run to run, and of which nothing depends but what is shown. */
const VOLATILE = new Set([
  ...['_rid', '_self', '_etag', '_attachments', '_ts', 'ttl', 'token', 'stamp', 'opening'],
  ...['holder', 'cycle_id', 'expires_at', 'started_at', 'finished_at', 'duration_ms'],
  ...['memory_start_mb', 'memory_end_mb', 'collected_at', 'updated_at', 'last_success_at'],
]);

/** Equal for accounts of which it makes no difference to the next cycle which one it meets. */
export function stateOf(bench: CosmosCrashBench, database: string): string {
  const documents = [
    ...bench.documents(database, 'items').map(withoutPacking),
    ...bench.documents(database, 'control').filter(({ kind }) => kind !== 'rate_budget'),
  ];
  const lines = documents.map((document) => {
    const id = document.kind === 'cycle' ? 'cycle' : document.id;
    const steady = (key: string, value: unknown) => (VOLATILE.has(key) ? undefined : value);
    return JSON.stringify({ ...document, id }, steady);
  });
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

/** Lines name the time at which their items were stored. */
function withoutPacking(document: Documents[number]): Documents[number] {
  const known = document as unknown as ItemsDocument;
  if (known.kind !== 'hour') return document;
  return { ...document, lines: known.lines.map((line) => unpackLine(line, known.hour)) };
}

/** What a database holds for its readers, but for the times at which it got it. */
export interface Content {
  posts: Documents;
  comments: Documents;
}

export function contentOf(bench: CosmosCrashBench, database: string): Content {
  const items = bench.documents(database, 'items');
  const of = (kind: string) =>
    items
      .filter((document) => document.kind === kind)
      .map((document) => {
        const kept = Object.entries(document).filter(([key]) => !VOLATILE.has(key));
        return Object.fromEntries([...kept, ['keep', document.ttl === -1]]);
      });
  return { posts: of('post'), comments: of('comment') };
}
