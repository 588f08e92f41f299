import { blanked } from '../../../domain/erasure.js';
import { fullname, type Kind, type NewComment, type NewPost } from '../../../domain/item.js';
import { checkBatch } from '../../check-batch.js';
import type { ImportBatch, ImportResult } from '../../import-store.js';
import type { ItemDocument } from '../documents/documents.js';
import { itemOf } from '../documents/items.js';
import { announceEnd } from './announce.js';
import { type Change, changePartition, type WriteDeps } from './change.js';
import { batchInParts } from './parts.js';
import { countInThread, countStored, postName, threadOf } from './threads.js';
import type { View } from './view.js';
import { beginWriting, finishWriting, loadHours, putItem, type Writing } from './writing.js';

type Item = NewPost | NewComment;
type Tally = Pick<ImportResult, 'posts_new' | 'comments_new'>;

/** As `ImportStore.importItems`; a batch that Azure does not take at once is written in parts. */
export async function importItems(deps: WriteDeps, batch: ImportBatch): Promise<ImportResult> {
  checkBatch(batch);
  const tallies = await batchInParts(deps.memory, batch, async (part) => {
    const of = { subreddit: batch.subreddit, fence: null, shape: 'import', intent: part };
    return changePartition(deps, of, (view) => plan(deps, part, view));
  });
  const posts_new = tallies.reduce((sum, tally) => sum + tally.posts_new, 0);
  const comments_new = tallies.reduce((sum, tally) => sum + tally.comments_new, 0);
  const known = batch.posts.length + batch.comments.length - posts_new - comments_new;
  // Readers do not see a mark alone.
  const data_version = await announceEnd(deps, posts_new + comments_new > 0, batch);
  return { posts_new, comments_new, known, data_version };
}

interface Given {
  kind: Kind;
  item: Item;
}

async function plan(
  deps: WriteDeps,
  { subreddit, keepHistory, ...batch }: ImportBatch,
  view: View,
): Promise<Change<Tally> | null> {
  const writing = beginWriting(view, subreddit, deps.clock.now());
  const given = firstVersions(batch);
  await loadHours(
    writing,
    given.map(({ item }) => item.created_utc),
  );
  const stored = await readStored(writing, given, keepHistory);
  const unknown = given.filter((each) => !isStored(writing, each, stored));
  await insert(deps, writing, unknown, keepHistory);
  if (keepHistory) markKept(deps, writing, [...stored.values()], given);
  if (writing.items.size === 0) return null;

  const { head, operations } = await finishWriting(deps, writing, { fence: null });
  const { stamp, ...withoutStamp } = head;
  const added = (kind: Kind) => unknown.filter((each) => each.kind === kind).length;
  return {
    head:
      unknown.length > 0 && stamp !== undefined
        ? { ...withoutStamp, stamp, imported: 1 }
        : withoutStamp,
    operations,
    result: { posts_new: added('post'), comments_new: added('comment') },
  };
}

/** The first version of an id wins. */
function firstVersions({ posts, comments }: Pick<ImportBatch, 'posts' | 'comments'>): Given[] {
  const given = new Map<string, Given>();
  const add = (kind: Kind, item: Item) => {
    const name = fullname({ kind, id: item.id });
    if (!given.has(name)) given.set(name, { kind, item });
  };
  for (const post of posts) add('post', post);
  for (const comment of comments) add('comment', comment);
  return [...given.values()];
}

const nameOf = ({ kind, item }: Given) => ({ kind, id: item.id });

/** What the lines do not tell of, and what is to be marked: by fullname, posts of comments included. */
async function readStored(writing: Writing, given: readonly Given[], keepHistory: boolean) {
  const { view, lines } = writing;
  const asked = given.filter((each) => {
    const line = lines.get(nameOf(each));
    return line === undefined || (keepHistory && !line.keep);
  });
  const posts = asked
    .flatMap(({ item }) => ('post_id' in item ? item.post_id : []))
    .filter((id) => lines.get({ kind: 'post', id }) === undefined);
  const stored = await view.items([
    ...asked.map((each) => fullname(nameOf(each))),
    ...posts.map(postName),
  ]);
  await loadHours(
    writing,
    [...stored.values()].map(({ created_utc }) => created_utc),
  );
  return stored;
}

function isStored(
  { lines }: Writing,
  each: Given,
  stored: ReadonlyMap<string, ItemDocument>,
): boolean {
  return lines.get(nameOf(each)) !== undefined || stored.has(fullname(nameOf(each)));
}

async function insert(
  deps: WriteDeps,
  writing: Writing,
  unknown: readonly Given[],
  keep: boolean,
): Promise<void> {
  const { stamp, view, name } = writing;
  const posts = unknown.filter(({ kind }) => kind === 'post');
  const counts = await countStored(
    view,
    posts.map(({ item }) => item.id),
  );
  for (const { item } of unknown) {
    putItem(writing, deps, blanked({ ...item, subreddit: name }), {
      ...{ collected_at: stamp, updated_at: stamp, keep },
      thread: threadOf(undefined, counts.get(item.id)),
    });
  }
  for (const { item } of unknown) if ('post_id' in item) countInThread(writing, item);
}

/** Known items become exempt from retention: nothing that readers see. */
function markKept(
  deps: WriteDeps,
  writing: Writing,
  stored: readonly ItemDocument[],
  given: readonly Given[],
): void {
  const names = new Set(given.map((each) => fullname(nameOf(each))));
  for (const document of stored) {
    const item = itemOf(document);
    const line = writing.lines.get({ kind: document.kind, id: item.id });
    if (!names.has(document.id) || line?.keep === true) continue;
    const { collected_at, updated_at } = document;
    putItem(writing, deps, item, {
      ...{ collected_at, updated_at, keep: true },
      thread: threadOf(line),
    });
  }
}
