import { toIso } from '../../../clock.js';
import {
  fullname,
  isGone,
  type IsoTime,
  type Kind,
  type NewComment,
  type NewPost,
  voteMoveMatters,
} from '../../../domain/item.js';
import { merged, type MergeRules } from '../../../domain/merge.js';
import { checkBatch } from '../../check-batch.js';
import type { CommitResult, ItemBatch } from '../../store.js';
import type { ItemDocument } from '../documents/documents.js';
import { itemOf } from '../documents/items.js';
import { hashOf, type Line } from '../documents/lines.js';
import { announceEnd } from './announce.js';
import { type Change, changePartition, type WriteDeps } from './change.js';
import { completed } from './complete.js';
import { batchInParts } from './parts.js';
import { countInThread, countStored, moveStored, postName, threadOf } from './threads.js';
import type { View } from './view.js';
import {
  beginWriting,
  blankedIn,
  finishWriting,
  loadHours,
  noteBlanked,
  putItem,
  type Writing,
} from './writing.js';

type Item = NewPost | NewComment;
type Rules = MergeRules & { newSince: IsoTime };
type Tally = Omit<CommitResult, 'data_version'>;

const NOTHING: Tally = { posts_new: 0, comments_new: 0, updated: 0, blanked: 0 };

/** As `CollectStore.commit`; a batch that Azure does not take at once is written in parts. */
export async function commit(deps: WriteDeps, batch: ItemBatch): Promise<CommitResult> {
  checkBatch(batch);
  const tallies = await batchInParts(deps.memory, batch, async (part) => {
    const { subreddit, fence } = batch;
    const of = { subreddit, fence, shape: 'commit', intent: part };
    return changePartition(deps, of, (view) => plan(deps, part, view));
  });
  const tally = tallies.reduce(add, NOTHING);
  return { ...tally, data_version: await announceEnd(deps, tallies.length > 0, batch) };
}

function add(a: Tally, b: Tally): Tally {
  return {
    posts_new: a.posts_new + b.posts_new,
    comments_new: a.comments_new + b.comments_new,
    updated: a.updated + b.updated,
    blanked: a.blanked + b.blanked,
  };
}

/** An item of the batch; an id that stands in it more than once counts once. */
interface Given {
  name: string;
  kind: Kind;
  id: string;
  versions: Item[];
}

/** An item that is to be written. */
interface Decision extends Given {
  before: { item: Item; document: ItemDocument } | null;
  after: Item;
}

async function plan(deps: WriteDeps, batch: ItemBatch, view: View): Promise<Change<Tally> | null> {
  const { textSince, newSince = '', complete } = batch;
  const rules = { direct: batch.direct === true, textSince, newSince };
  const writing = beginWriting(view, batch.subreddit, deps.clock.now());
  const given = [...byName('post', batch.posts), ...byName('comment', batch.comments)];
  await loadHours(writing, timesOf(given));
  const doubtful = given.filter(
    (each) => !isUnchanged(writing.lines.get(each), each.versions, rules),
  );
  const decisions = await decide(writing, doubtful, rules);
  if (decisions.length === 0 && complete === undefined) return null;
  await write(deps, writing, decisions);

  const { head, operations } = await finishWriting(deps, writing, batch);
  const end = complete && (await completed(view, batch.subreddit, complete, toIso(writing.nowMs)));
  return {
    head: { ...head, ...end?.head },
    operations: [...operations, ...(end?.operations ?? [])],
    result: { ...tallyOf(decisions), blanked: blankedIn(writing) },
  };
}

function byName(kind: Kind, items: readonly Item[]): Given[] {
  const given = new Map<string, Given>();
  for (const item of items) {
    const name = fullname({ kind, id: item.id });
    const versions = [...(given.get(name)?.versions ?? []), item];
    given.set(name, { name, kind, id: item.id, versions });
  }
  return [...given.values()];
}

const timesOf = (given: readonly Given[]): IsoTime[] =>
  given.flatMap(({ versions }) => versions.map(({ created_utc }) => created_utc));

/**
 * Whether the stored item needs not be read, as its line has it the way it is given: then, votes
 * apart, it comes out of the merge as it went in, whatever the rules.
 */
function isUnchanged(line: Line | undefined, versions: readonly Item[], rules: Rules): boolean {
  const last = versions.at(-1);
  if (line === undefined || last === undefined) return false;
  const same = versions.every((version) => hashOf(merged(null, version, rules)) === line.hash);
  return same && !voteMoveMatters(line.upvotes, last.upvotes);
}

/** Reads what is stored of them, and what the writing will need of the posts of new comments. */
async function decide(writing: Writing, given: readonly Given[], rules: Rules) {
  const stored = await readStored(writing, given);
  return given.flatMap((each): Decision[] => {
    const document = stored.get(each.name);
    const before = document === undefined ? null : { item: itemOf(document), document };
    const after = each.versions.reduce<Item | null>(
      (known, version) => merged(known, version, rules),
      before?.item ?? null,
    );
    if (after === null) return [];
    const late = before === null && after.created_utc < rules.newSince;
    if (late || (before !== null && !hasChanged(before.item, after))) return [];
    return [{ ...each, before, after }];
  });
}

async function readStored(writing: Writing, given: readonly Given[]) {
  const { view, lines } = writing;
  const posts = given
    .filter((each) => lines.get(each) === undefined)
    .flatMap(({ versions }) => versions.flatMap((item) => ('post_id' in item ? item.post_id : [])))
    .filter((id) => lines.get({ kind: 'post', id }) === undefined);
  const stored = await view.items([...given.map(({ name }) => name), ...posts.map(postName)]);
  // Its old line is where it was, and a post's is in an hour of its own.
  await loadHours(
    writing,
    [...stored.values()].map(({ created_utc }) => created_utc),
  );
  return stored;
}

/** Whether the difference is worth a write. */
function hasChanged(before: Item, after: Item): boolean {
  return hashOf(before) !== hashOf(after) || voteMoveMatters(before.upvotes, after.upvotes);
}

async function write(deps: WriteDeps, writing: Writing, decisions: readonly Decision[]) {
  const { lines, view, stamp } = writing;
  await loadMovedPosts(writing, decisions);
  const unknown = decisions.filter((each) => each.kind === 'post' && !lines.get(each));
  const counts = await countStored(
    view,
    unknown.map(({ id }) => id),
  );
  for (const { kind, id, before, after } of decisions) {
    const line = lines.get({ kind, id });
    putItem(writing, deps, after, {
      collected_at: before?.document.collected_at ?? stamp,
      updated_at: stamp,
      keep: line?.keep ?? before?.document.ttl === -1,
      thread: threadOf(line, counts.get(id)),
    });
    if (before !== null && !isGone(before.item) && isGone(after)) {
      noteBlanked(writing, { kind, id }, after.excluded === 'removed' ? 'removed' : 'deleted');
    }
  }
  // When the posts are there: a comment may come in the batch of its post.
  for (const { before, after } of decisions) countComment(writing, before?.item ?? null, after);
}

/** The posts that comments leave or join that were known under another. */
async function loadMovedPosts(writing: Writing, decisions: readonly Decision[]): Promise<void> {
  const moved = decisions.flatMap(({ before, after }) => {
    if (before === null || !('post_id' in before.item) || !('post_id' in after)) return [];
    const ids = [before.item.post_id, after.post_id];
    return ids[0] === ids[1] ? [] : ids;
  });
  const unknown = moved.filter((id) => writing.lines.get({ kind: 'post', id }) === undefined);
  const stored = await writing.view.items(unknown.map(postName));
  await loadHours(
    writing,
    [...stored.values()].map(({ created_utc }) => created_utc),
  );
}

function countComment(writing: Writing, before: Item | null, after: Item): void {
  if (!('post_id' in after)) return;
  if (before === null) countInThread(writing, after);
  if (before === null || !('post_id' in before) || before.post_id === after.post_id) return;
  moveStored(writing, before.post_id, -1);
  moveStored(writing, after.post_id, 1);
}

function tallyOf(decisions: readonly Decision[]): Omit<Tally, 'blanked'> {
  const added = (kind: Kind) =>
    decisions.filter((each) => each.before === null && each.kind === kind).length;
  const [posts_new, comments_new] = [added('post'), added('comment')];
  return { posts_new, comments_new, updated: decisions.length - posts_new - comments_new };
}
