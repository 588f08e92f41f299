import { fullname, type NewComment, type NewPost } from '../domain/item.js';
import type { ImportBatch, ImportCounts, ImportStore } from '../store/import-store.js';
import { MAX_BATCH } from '../store/store.js';

export type NewItem = { post: NewPost } | { comment: NewComment };

/** Items on their way to the store, by subreddit, as a batch may hold those of one only. */
export interface ImportBuffer {
  /** Stores the subreddit's batch when this fills it. */
  add(item: NewItem, bytes: number): Promise<void>;
  /** Stores all that is left. */
  flush(): Promise<void>;
  /** Of the lines that are held. */
  bytes(): number;
}

/**
 * Subreddits are flushed in an order of their own, so an id that is held already is dropped
 * here: the store would take whichever version came to it first.
 */
export function importBuffer(
  store: Pick<ImportStore, 'importItems'>,
  keepHistory: boolean,
  counts: ImportCounts,
): ImportBuffer {
  const batches = new Map<string, ImportBatch>();
  const held = new Set<string>();
  let bytes = 0;

  const send = async (batch: ImportBatch) => {
    const { posts_new, comments_new, known } = await store.importItems(batch);
    counts.posts_new += posts_new;
    counts.comments_new += comments_new;
    counts.known += known;
  };

  return {
    async add(item, itemBytes) {
      const { id, subreddit } = 'post' in item ? item.post : item.comment;
      const name = fullname({ kind: 'post' in item ? 'post' : 'comment', id });
      if (held.has(name)) {
        counts.known += 1;
        return;
      }
      held.add(name);
      bytes += itemBytes;
      const key = subreddit.toLowerCase();
      const batch = batches.get(key) ?? { subreddit, posts: [], comments: [], keepHistory };
      batches.set(key, batch);
      if ('post' in item) batch.posts.push(item.post);
      else batch.comments.push(item.comment);
      if (batch.posts.length + batch.comments.length < MAX_BATCH) return;
      batches.delete(key);
      await send(batch);
    },
    async flush() {
      for (const batch of batches.values()) await send(batch);
      batches.clear();
      held.clear();
      bytes = 0;
    },
    bytes: () => bytes,
  };
}
