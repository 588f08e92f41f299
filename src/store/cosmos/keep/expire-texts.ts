import { withoutText } from '../../../domain/erasure.js';
import { fullname } from '../../../domain/item.js';
import type { ExpiredItems, HourPlace } from '../../keep-store.js';
import { itemOf } from '../documents/items.js';
import { hasText } from '../documents/lines.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import { threadOf } from '../write/threads.js';
import type { View } from '../write/view.js';
import { beginWriting, finishWriting, loadHours, noteBlanked, putItem } from '../write/writing.js';
import { inSteps } from './steps.js';

type Texts = HourPlace & { job: string };

/** Erases text and author; what was counted stays counted. */
export function expireTexts(deps: WriteDeps, texts: Texts): Promise<ExpiredItems> {
  const of = { subreddit: texts.subreddit, fence: null, shape: 'expire texts' };
  return inSteps(deps, (atMost) =>
    changePartition(deps, of, (view) => erasure(deps, view, texts, atMost)),
  );
}

async function erasure(
  deps: WriteDeps,
  view: View,
  { hour, subreddit, job }: Texts,
  atMost: number,
): Promise<Change<ExpiredItems> | null> {
  const lines = (await view.hours([hour])).get(hour) ?? [];
  const some = lines.filter(hasText).slice(0, atMost);
  if (some.length === 0) return null;
  const writing = beginWriting(view, subreddit, deps.clock.now());
  await loadHours(writing, [hour]);
  const stored = await view.items(some.map(fullname));
  const result: ExpiredItems = { posts: 0, comments: 0 };
  for (const line of some) {
    const document = stored.get(fullname(line));
    if (document === undefined) {
      // Azure has let it go already: all there is to do is not to look for it again.
      writing.lines.put({ ...line, expired: true });
      continue;
    }
    const { collected_at, keep } = line;
    const facts = { collected_at, keep, updated_at: writing.stamp, thread: threadOf(line) };
    putItem(writing, deps, withoutText(itemOf(document)), facts);
    noteBlanked(writing, line, 'expired');
    result[line.kind === 'post' ? 'posts' : 'comments'] += 1;
  }
  return { ...(await finishWriting(deps, writing, { job })), result };
}
