import { AppError } from '../../../errors.js';
import type { Container, Versioned } from '../account.js';
import type { PostDocument } from '../documents/documents.js';
import type { Follower } from './follower.js';
import type { Gate } from './gate.js';
import { END, type Holding } from './holding.js';
import { openedAnew } from './loader.js';

/** The posts that were collected last, in memory; they follow the store. */
export interface NewestPosts {
  /** Loads them where they are not there. @throws as the account does */
  ensure(): Promise<void>;
  /** As they are at this moment, newest first; null: they are not there. */
  now(): NewestNow | null;
  clear(): void;
}

export interface NewestNow {
  posts: readonly StoredPost[];
  /** No post collected at or before this is known to be there or not; empty: all are there. */
  floor: string;
}

type StoredPost = Versioned<PostDocument>;

export interface NewestPostsDeps {
  items: Container;
  gate: Gate;
  follower: Pick<Follower, 'seen' | 'confirm' | 'underWay'>;
  registry: Set<Holding>;
}

/** The longest page is one of 101; so the last day's, or those with one label, are there mostly. */
const LOADED = 200;
const MOST = 2 * LOADED;
const ATTEMPTS = 3;

const NEWEST = `SELECT TOP ${LOADED} * FROM c WHERE c.kind = 'post'
  ORDER BY c.kind DESC, c.collected_at DESC, c.id DESC`;

interface Held extends Holding {
  posts: Map<string, StoredPost>;
  floor: string;
  ready: boolean;
}

export function createNewestPosts(deps: NewestPostsDeps): NewestPosts {
  const { items, gate, follower, registry } = deps;
  let held: Held | null = null;
  let loading: Promise<void> | null = null;
  let sorted: StoredPost[] | null = null;

  const load = async (one: Held): Promise<void> => {
    try {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        if (await read(one)) return;
      }
      throw new AppError('store_busy', 'The newest posts moved whenever they were read');
    } catch (error) {
      registry.delete(one);
      if (held === one) held = null;
      throw error;
    }
  };

  const read = async (one: Held): Promise<boolean> => {
    one.missed = false;
    one.posts.clear();
    registry.add(one);
    const before = follower.underWay();
    const found = await gate(() =>
      items.query<StoredPost>('newest posts', { text: NEWEST, parameters: {}, partition: null }),
    );
    await before;
    for (const post of found) one.put(post, null);
    if (found.length === LOADED) one.floor = found.at(-1)?.collected_at ?? '';
    // Some may be of batches that the follower has not seen; they say nothing of it.
    await follower.confirm();
    if (held !== one) throw openedAnew();
    if (one.missed) return false;
    shorten(one);
    one.ready = true;
    return true;
  };

  return {
    async ensure() {
      if (held?.ready) return;
      held ??= createHeld(() => {
        sorted = null;
      });
      loading ??= load(held).finally(() => {
        loading = null;
      });
      await loading;
    },
    now() {
      if (!held?.ready) return null;
      sorted ??= [...held.posts.values()].sort(newestFirst);
      return { posts: sorted, floor: held.floor };
    },
    clear() {
      if (held !== null) registry.delete(held);
      held = null;
      sorted = null;
    },
  };
}

function createHeld(onChange: () => void): Held {
  const posts = new Map<string, StoredPost>();
  const held: Held = {
    ...{ kind: 'post', to: END, missed: false, posts, floor: '', ready: false },
    // Older ones that are written again, many at once maybe, are not asked for.
    get from() {
      return held.floor;
    },
    put: (document, version) => {
      if (document.kind !== 'post' || document.collected_at <= held.floor) return;
      // What is followed is read later than what was loaded, or will be once more.
      if (version === null && posts.has(document.id)) return;
      posts.set(document.id, document);
      if (held.ready && posts.size > MOST) shorten(held);
      onChange();
    },
  };
  return held;
}

/** Of those collected at the same time as the first that goes, all go. */
function shorten(held: Held): void {
  const order = [...held.posts.values()].sort(newestFirst);
  held.floor = order.length > LOADED ? (order[LOADED]?.collected_at ?? '') : held.floor;
  for (const { id, collected_at } of order) {
    if (collected_at <= held.floor) held.posts.delete(id);
  }
}

export function newestFirst(
  a: Pick<PostDocument, 'collected_at' | 'id'>,
  b: Pick<PostDocument, 'collected_at' | 'id'>,
): number {
  if (a.collected_at !== b.collected_at) return a.collected_at < b.collected_at ? 1 : -1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}
