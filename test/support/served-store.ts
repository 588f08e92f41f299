import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { systemClock, toIso } from '../../src/clock.js';
import { MINUTE_MS } from '../../src/domain/window.js';
import type { Store } from '../../src/store/store.js';
import { type ApiProcess, startApi } from './api-process.js';
import { fillStore } from './fill.js';
import { aComment, aPost } from './items.js';
import { temporaryStore } from './store.js';
import { temporaryFolder } from './temp.js';

export interface Served {
  api: ApiProcess;
  base: string;
  path: string;
  /** The same store, open in this process, as a collector has it. */
  store: Store;
}

/** So many posts, written 90 minutes ago, and as many comments, in one cycle. */
export async function fill(
  store: Store,
  group: string,
  posts: number,
  subreddit = 'claude',
): Promise<void> {
  const created_utc = toIso(systemClock.now() - 90 * MINUTE_MS);
  const each = <T>(make: (n: number) => T) => Array.from({ length: posts }, (_, n) => make(n));
  await fillStore(store, systemClock, {
    cycleId: `cycle-${group}`,
    posts: each((n) =>
      aPost({ id: `p${group}${n}`, subreddit, title: `Theme ${group} rises`, created_utc }),
    ),
    comments: each((n) =>
      aComment({ id: `c${group}${n}`, subreddit, post_id: `p${group}${n}`, created_utc }),
    ),
  });
}

/** The real api process on a filled store that somebody else has open, too. */
export async function servedStore(t: ExecutionContext, posts = 30): Promise<Served> {
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  await fill(store, 'a', posts);
  const api = startApi(t, { SQLITE_PATH: path });
  return { api, base: await api.listening, path, store };
}

/**
 * A closed database of its own, filled by so many cycles, with another subreddit than that of
 * `servedStore`, whose counts nothing here would overwrite. Answers its path: one file, no log.
 */
export async function otherDatabase(
  t: ExecutionContext,
  group: string,
  cycles: number,
): Promise<string> {
  const { store, path } = await temporaryStore(t, { clock: systemClock });
  for (let n = 0; n < cycles; n += 1) await fill(store, `${group}${n}`, 5, 'aws');
  await store.close();
  const copy = join(temporaryFolder(t), 'other.db');
  copyFileSync(path, copy);
  return copy;
}
