import { fullname, type NewComment, type NewPost } from '../../domain/item.js';
import { AppError } from '../../errors.js';
import { type ListingPage, MOST_PER_REQUEST } from '../../reddit/source.js';
import type { StoredItem } from '../../store/upkeep-store.js';
import { assessComment, assessPost } from '../assess.js';
import { groupBy, type UpkeepDeps } from './deps.js';

/** Read, then stored: some batches for each subreddit instead of many small ones. */
const PER_ROUND = 1000;
/** Believed at most: whoever knows less than half of what was asked is not the Reddit it came from. */
const MOST_OMITTED = 0.5;
/** Of so few, all may be gone. */
const FEW = 10;

/** Counts up. */
export interface Asked {
  asked: number;
  changed: number;
  /** Items that were not stored before. */
  added: number;
}

export function newAsked(): Asked {
  return { asked: 0, changed: 0, added: 0 };
}

/**
 * Asks for stored items by name and stores what became of them: votes, edits, deletions. What
 * Reddit leaves out is noted, and only believed when it is repeated.
 *
 * @throws AppError as PostSource.info and the store do; the rounds before are stored.
 */
export async function askAgain(
  items: readonly StoredItem[],
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Asked,
): Promise<void> {
  for (let start = 0; start < items.length; start += PER_ROUND) {
    await askRound(items.slice(start, start + PER_ROUND), deps, signal, into);
  }
}

async function askRound(
  items: readonly StoredItem[],
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Asked,
): Promise<void> {
  const found: Found[] = [];
  const omitted: StoredItem[] = [];
  for (let start = 0; start < items.length; start += MOST_PER_REQUEST) {
    const some = items.slice(start, start + MOST_PER_REQUEST);
    for (const { those, page } of await answersTo(some, deps, signal)) {
      const answer = sortAnswer(those, page, deps);
      found.push(...answer.found);
      const share = answer.omitted.length / those.length;
      if (answer.omitted.length < FEW || share <= MOST_OMITTED) omitted.push(...answer.omitted);
      else {
        deps.log.warn(
          { asked: those.length, omitted: answer.omitted.length, first: those[0] },
          'most of the items asked for are unknown to the server: not taken for deletions',
        );
      }
    }
    into.asked += some.length;
  }
  await storeFound(found, deps, into);
  const given = found.filter(({ item }) => deps.omissions.has(fullname(item)));
  if (omitted.length === 0 && given.length === 0) return;
  for (const item of omitted) deps.omissions.add(fullname(item));
  const names = given.map(({ item: { kind, id } }) => ({ kind, id }));
  await deps.store.noteAnswers({ fence: deps.fence, omitted, given: names });
}

interface Answer {
  those: readonly StoredItem[];
  page: ListingPage;
}

/**
 * An item that Reddit stumbles over must not keep all the others from being asked for, now and in every
 * cycle: so a request that fails is made in halves, the one that fails again as well, until what is left is
 * that item. When both halves fail, it is Reddit that does not answer.
 */
async function answersTo(
  some: readonly StoredItem[],
  deps: UpkeepDeps,
  signal: AbortSignal,
): Promise<Answer[]> {
  const ask = async (those: readonly StoredItem[]): Promise<Answer> => ({
    those,
    page: await deps.source.info(those.map(fullname), signal),
  });
  const answers: Answer[] = [];
  let failing = some;
  let error: unknown = null;
  const attempt = async (those: readonly StoredItem[]): Promise<boolean> => {
    try {
      answers.push(await ask(those));
      return true;
    } catch (problem) {
      if (signal.aborted || !mayBeTheItems(problem)) throw problem;
      error = problem;
      return false;
    }
  };
  if (await attempt(some)) return answers;
  while (failing.length > 1) {
    const half = Math.ceil(failing.length / 2);
    const [first, second] = [failing.slice(0, half), failing.slice(half)];
    const [one, other] = [await attempt(first), await attempt(second)];
    if (!one && !other) throw error;
    if (one && other) return answers;
    failing = one ? second : first;
  }
  if (answers.length === 0) throw error;
  deps.log.warn({ item: failing[0], err: error }, 'Reddit answers for all but this item');
  return answers;
}

/** Rather than the connection, the pace or us. */
function mayBeTheItems(error: unknown): boolean {
  const codes = ['reddit_rejected', 'reddit_not_found', 'reddit_unavailable', 'reddit_bad_answer'];
  return error instanceof AppError && codes.includes(error.code);
}

type Found =
  | { item: StoredItem; kind: 'post'; post: NewPost }
  | { item: StoredItem; kind: 'comment'; comment: NewComment };

/** A bad object is neither found nor left out. What was not asked for is of no interest. */
function sortAnswer(
  asked: readonly StoredItem[],
  page: ListingPage,
  { scorer }: UpkeepDeps,
): { found: Found[]; omitted: StoredItem[] } {
  const open = new Map(asked.map((item) => [fullname(item), item]));
  const take = (name: string) => {
    const item = open.get(name);
    open.delete(name);
    return item;
  };
  const found: Found[] = [];
  for (const raw of page.posts) {
    const item = take(raw.name);
    if (item === undefined) continue;
    found.push({ item, kind: 'post', post: assessPost(raw, item.subreddit, scorer) });
  }
  for (const raw of page.comments) {
    const item = take(raw.name);
    if (item === undefined) continue;
    found.push({ item, kind: 'comment', comment: assessComment(raw, item.subreddit, scorer) });
  }
  for (const { fullname: name } of page.invalid) take(name);
  return { found, omitted: page.state === 'active' ? [...open.values()] : [] };
}

async function storeFound(found: readonly Found[], deps: UpkeepDeps, into: Asked): Promise<void> {
  for (const [subreddit, those] of groupBy(found, ({ item }) => item.subreddit)) {
    const posts = those.flatMap((one) => (one.kind === 'post' ? [one.post] : []));
    const comments = those.flatMap((one) => (one.kind === 'comment' ? [one.comment] : []));
    const stored = await deps.commit(subreddit, { posts, comments }, true);
    into.changed += stored.updated;
    into.added += stored.posts_new + stored.comments_new;
  }
}
