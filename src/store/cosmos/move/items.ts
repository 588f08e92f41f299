import { fullname, type IsoTime, type NewComment, type NewPost } from '../../../domain/item.js';
import { MAX_BATCH } from '../../store.js';
import type { HourPlace } from '../../keep-store.js';
import type { HeldHoursQuery, HeldItem } from '../../move-store.js';
import type { Account } from '../account.js';
import {
  type HourDocument,
  hourId,
  type ItemDocument,
  partitionOf,
} from '../documents/documents.js';
import { itemOf } from '../documents/items.js';
import { hashOf, type Line, unpackLine } from '../documents/lines.js';
import { announce } from '../write/announce.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import { batchInParts } from '../write/parts.js';
import { countStored, moveStored, postName } from '../write/threads.js';
import { anyOf, type View } from '../write/view.js';
import { beginWriting, finishWriting, loadHours, putItem, type Writing } from '../write/writing.js';

/** Hours that were emptied are among them. */
export async function heldHours(
  { items }: Pick<Account, 'items'>,
  { subreddit, after, limit }: HeldHoursQuery,
): Promise<IsoTime[]> {
  return items.query<IsoTime>('heldHours', {
    text: `SELECT TOP @limit VALUE c.hour FROM c
      WHERE c.kind = 'hour' AND c.hour > @after ORDER BY c.hour`,
    parameters: { '@limit': limit, '@after': after ?? '' },
    partition: partitionOf(subreddit),
  });
}

export async function heldItems(
  { items }: Pick<Account, 'items'>,
  { subreddit, hour }: HourPlace,
): Promise<HeldItem[]> {
  const partition = partitionOf(subreddit);
  const stored = await items.read<HourDocument>('heldItems', partition, hourId(hour));
  const lines = (stored?.lines ?? []).map((line) => unpackLine(line, hour));
  const held: HeldItem[] = [];
  for (let at = 0; at < lines.length; at += MAX_BATCH) {
    const some = new Map(lines.slice(at, at + MAX_BATCH).map((line) => [fullname(line), line]));
    const query = { ...anyOf('SELECT * FROM c WHERE c.id', [...some.keys()]), partition };
    for (const document of await items.query<ItemDocument>('heldItems', query)) {
      const line = some.get(document.id);
      if (line !== undefined) held.push(heldOf(document, line));
    }
  }
  return held.sort(postsFirst);
}

function heldOf(document: ItemDocument, { keep, thread }: Line): HeldItem {
  return {
    item: itemOf(document),
    collected_at: document.collected_at,
    updated_at: document.updated_at,
    keep,
    unreachable: thread?.unreachable ?? 0,
    thread_read_at: thread?.read_at ?? null,
  };
}

function postsFirst({ item: a }: HeldItem, { item: b }: HeldItem): number {
  const [kindA, kindB] = ['title' in a, 'title' in b];
  if (kindA !== kindB) return kindA ? -1 : 1;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}

/** As `MoveStore.putItems`. What is there already is known by its line alone. */
export async function putItems(
  deps: WriteDeps,
  { subreddit, hour }: HourPlace,
  items: readonly HeldItem[],
): Promise<number> {
  let put = 0;
  for (let at = 0; at < items.length; at += MAX_BATCH) {
    const some = items.slice(at, at + MAX_BATCH);
    const byId = new Map(some.map((held) => [held.item, held]));
    const batch = {
      subreddit,
      posts: some.flatMap(({ item }) => ('title' in item ? [item] : [])),
      comments: some.flatMap(({ item }) => ('title' in item ? [] : [item])),
    };
    const written = await batchInParts(deps.memory, batch, async (part) => {
      const of = { subreddit, fence: null, shape: 'putItems', intent: part };
      const held = [...part.posts, ...part.comments].flatMap((item) => byId.get(item) ?? []);
      return changePartition(deps, of, (view) => plan(deps, { subreddit, hour }, held, view));
    });
    put += written.reduce((sum, some) => sum + some, 0);
  }
  await announce(deps, put > 0);
  return put;
}

async function plan(
  deps: WriteDeps,
  { subreddit, hour }: HourPlace,
  given: readonly HeldItem[],
  view: View,
): Promise<Change<number> | null> {
  const writing = beginWriting(view, subreddit, deps.clock.now());
  await loadHours(writing, [hour]);
  const wanted = given.filter((held) => !isThere(writing.lines.get(nameOf(held.item)), held));
  if (wanted.length === 0) return null;
  const counts = await prepareThreads(writing, wanted);
  const fresh = new Set(wanted.filter(({ item }) => !writing.lines.get(nameOf(item))));
  for (const held of wanted) put(deps, writing, held, counts);
  for (const { item } of fresh) if ('post_id' in item) moveStored(writing, item.post_id, 1);
  const { head, operations } = await finishWriting(deps, writing, { fence: null });
  // Given out elsewhere: what is collected here comes after it.
  const stamps = [view.head?.stamp ?? '', ...wanted.map(({ collected_at }) => collected_at)];
  return {
    head: { ...head, stamp: stamps.reduce((newest, one) => (one > newest ? one : newest)) },
    operations,
    result: wanted.length,
  };
}

const nameOf = (item: NewPost | NewComment) =>
  ({ kind: 'title' in item ? 'post' : 'comment', id: item.id }) as const;

function isThere(line: Line | undefined, { item, ...held }: HeldItem): boolean {
  if (line === undefined || line.hash !== hashOf(item) || line.upvotes !== item.upvotes) {
    return false;
  }
  const { unreachable = 0, read_at = null } = line.thread ?? {};
  return (
    line.keep === held.keep &&
    line.collected_at === held.collected_at &&
    unreachable === held.unreachable &&
    read_at === held.thread_read_at
  );
}

/** Loads the posts of comments, and answers how many comments of the new posts are stored. */
async function prepareThreads(writing: Writing, wanted: readonly HeldItem[]) {
  const { view, lines } = writing;
  const postIds = wanted.flatMap(({ item }) => ('post_id' in item ? [item.post_id] : []));
  const posts = await view.items([...new Set(postIds)].map(postName));
  await loadHours(
    writing,
    [...posts.values()].map(({ created_utc }) => created_utc),
  );
  const unknown = wanted.filter(({ item }) => 'title' in item && !lines.get(nameOf(item)));
  return countStored(
    view,
    unknown.map(({ item }) => item.id),
  );
}

function put(
  deps: WriteDeps,
  writing: Writing,
  { item, collected_at, updated_at, keep, ...thread }: HeldItem,
  counts: ReadonlyMap<string, number>,
): void {
  const stored = writing.lines.get(nameOf(item))?.thread?.stored ?? counts.get(item.id) ?? 0;
  putItem(writing, deps, item, {
    ...{ collected_at, updated_at, keep },
    thread: { unreachable: thread.unreachable, read_at: thread.thread_read_at, stored },
  });
}
