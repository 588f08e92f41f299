import { isDeepStrictEqual } from 'node:util';
import type { Cycle } from '../../src/domain/cycle.js';
import type { CosmosCrashBench } from './cosmos-crash-bench.js';
import type { Content } from './cosmos-crash-state.js';

/** A cycle to which nothing happens, and what follows from it. */
export interface Undisturbed {
  name: string;
  /** The database before the cycle. */
  from: string;
  record: Cycle;
  content: Content;
  /** What all there is to be seen again has been seen in. */
  further: Content;
}

export async function mustVerify(bench: CosmosCrashBench, database: string): Promise<void> {
  const { differences } = await bench.withStore(database, (store) =>
    store.verify({ repair: false }),
  );
  if (differences.length === 0) return;
  throw new Error(`${differences.length} differ: ${JSON.stringify(differences[0])}`);
}

/** What a record calls new is what came; posts that only their comments tell of come with the refresh. */
export function mustCount({ subreddits, upkeep }: Cycle, before: Content, after: Content): void {
  const sum = (field: 'posts_new' | 'comments_new') =>
    subreddits.reduce((total, one) => total + one[field], upkeep?.repair[field] ?? 0);
  const posts = after.posts.length - before.posts.length - sum('posts_new');
  const comments = after.comments.length - before.comments.length - sum('comments_new');
  const asked = upkeep?.refresh.asked ?? 0;
  if (posts < 0 || posts > asked || comments < 0 || comments > asked) {
    throw new Error(`${posts} posts and ${comments} comments came beside those it records`);
  }
}

/** Each item is what one undisturbed cycle makes of it, or what the ones that follow make of it. */
export function mustEqual(
  found: Content,
  { content, further }: Pick<Undisturbed, 'content' | 'further'>,
) {
  for (const table of ['posts', 'comments'] as const) {
    const [rows, once, later] = [found, content, further].map((one) => byId(one[table]));
    const missing = [...(once?.keys() ?? [])].filter((id) => rows?.has(id) !== true);
    if (missing.length > 0) throw new Error(`${table} ${missing.join(' ')} are missing`);
    const strange = [...(rows ?? [])].find(
      ([id, row]) => ![once, later].some((known) => isDeepStrictEqual(known?.get(id), row)),
    );
    if (strange === undefined) continue;
    const [id, row] = strange;
    const shown = [row, once?.get(id)].map((one) => JSON.stringify(one)).join(' instead of ');
    throw new Error(`${table} ${shown}`);
  }
}

function byId(rows: Content['posts']): Map<unknown, Content['posts'][number]> {
  return new Map(rows.map((row) => [row.id, row]));
}

export async function mustBeClosed(bench: CosmosCrashBench, database: string): Promise<void> {
  const running = await bench.withStore(database, (store) =>
    store.cycles({ limit: 10, status: 'running' }),
  );
  if (running.length > 0) throw new Error('a dead cycle is still called running');
}
