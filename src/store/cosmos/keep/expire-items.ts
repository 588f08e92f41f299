import { fullname, type IsoTime } from '../../../domain/item.js';
import type { ExpiredItems, HourPlace } from '../../keep-store.js';
import type { Line } from '../documents/lines.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import { moveStored, postName } from '../write/threads.js';
import { anyOf, type View } from '../write/view.js';
import { beginWriting, finishWriting, loadHours } from '../write/writing.js';
import { inSteps } from './steps.js';

/**
 * Removes what is not exempt. Posts go first, so that comments that go with them have no thread any
 * more that would have to be counted anew.
 */
export function expireItems(deps: WriteDeps, place: HourPlace): Promise<ExpiredItems> {
  const of = { subreddit: place.subreddit, fence: null, shape: 'expire items' };
  return inSteps(deps, (atMost) =>
    changePartition(deps, of, (view) => removal(deps, view, place, atMost)),
  );
}

async function removal(
  deps: WriteDeps,
  view: View,
  { hour, subreddit }: HourPlace,
  atMost: number,
): Promise<Change<ExpiredItems> | null> {
  const lines = (await view.hours([hour])).get(hour) ?? [];
  const going = postsFirst(lines.filter(({ keep }) => !keep)).slice(0, atMost);
  if (going.length === 0) return null;
  const writing = beginWriting(view, subreddit, deps.clock.now());
  await loadHours(writing, [hour, ...(await timesOfPosts(view, going))]);
  // Azure may have let some of them go already.
  const stored = await view.items(going.map(fullname));
  for (const line of going) {
    const name = fullname(line);
    if (stored.has(name)) writing.items.set(name, null);
    writing.lines.remove(line);
    writing.accounted.add(name);
    if (line.kind === 'comment') moveStored(writing, line.post_id, -1);
  }
  const posts = going.filter(({ kind }) => kind === 'post').length;
  const result = { posts, comments: going.length - posts };
  return { ...(await finishWriting(deps, writing, { fence: null })), result };
}

function postsFirst(lines: readonly Line[]): Line[] {
  const ofKind = (kind: Line['kind']) => lines.filter((line) => line.kind === kind);
  return [...ofKind('post'), ...ofKind('comment')];
}

/** When the posts were created that stay while comments of theirs go. */
async function timesOfPosts(view: View, going: readonly Line[]): Promise<IsoTime[]> {
  const comments = going.filter(({ kind }) => kind === 'comment');
  const names = [...new Set(comments.map(({ post_id }) => postName(post_id)))];
  if (names.length === 0) return [];
  const { text, parameters } = anyOf('SELECT VALUE c.created_utc FROM c WHERE c.id', names);
  return view.query<IsoTime>(text, parameters);
}
