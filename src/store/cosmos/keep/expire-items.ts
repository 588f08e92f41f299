import { fullname, type IsoTime } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { ExpiredItems, HourPlace } from '../../keep-store.js';
import type { Operation } from '../account.js';
import {
  type ItemDocument,
  OMISSIONS_ID,
  type OmissionsDocument,
} from '../documents/documents.js';
import type { Line } from '../documents/lines.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import { derive, derivedIds } from '../write/derive.js';
import { anyOf, type View } from '../write/view.js';
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
  { clock, retentionMs }: WriteDeps,
  view: View,
  { hour, subreddit }: HourPlace,
  atMost: number,
): Promise<Change<ExpiredItems> | null> {
  const lines = (await view.hours([hour])).get(hour) ?? [];
  const going = new Set(postsFirst(lines.filter(({ keep }) => !keep)).slice(0, atMost));
  if (going.size === 0) return null;
  const hours = await withoutThem(view, hour, going);
  const gone = [...going].map(fullname);
  // Azure may have let some of them go already.
  const stored = await view.items(gone);
  const removed = [...stored.keys()].map((id): Operation => ({ kind: 'delete', id }));
  const derived = derive({
    ...{ name: view.head?.name ?? subreddit, seq: view.seq, nowMs: clock.now(), retentionMs },
    ...{ hours, stored: await view.derived(derivedIds(hours.keys())), titles: new Map() },
  });
  const posts = [...going].filter(({ kind }) => kind === 'post').length;
  return {
    head: { items: Math.max(0, (view.head?.items ?? 0) - going.size) },
    operations: [...removed, ...derived, ...(await withoutOmissions(view, gone))],
    result: { posts, comments: going.size - posts },
  };
}

function postsFirst(lines: readonly Line[]): Line[] {
  const is = (kind: Line['kind']) => lines.filter((line) => line.kind === kind);
  return [...is('post'), ...is('comment')];
}

/** Lines of the hour, and of the hours of posts that stay while comments of theirs go. */
async function withoutThem(
  view: View,
  hour: IsoTime,
  going: ReadonlySet<Line>,
): Promise<Map<IsoTime, Line[]>> {
  const fewer = new Map<string, number>();
  for (const { kind, post_id } of going) {
    if (kind === 'comment') fewer.set(post_id, (fewer.get(post_id) ?? 0) + 1);
  }
  const hours = await view.hours([hour, ...(await hoursOfPosts(view, [...fewer.keys()]))]);
  return new Map(
    [...hours].map(([each, lines]) => [
      each,
      lines.filter((line) => !going.has(line)).map((line) => withFewer(line, fewer)),
    ]),
  );
}

async function hoursOfPosts(view: View, ids: readonly string[]): Promise<IsoTime[]> {
  if (ids.length === 0) return [];
  const names = ids.map((id) => fullname({ kind: 'post', id }));
  const { text, parameters } = anyOf('SELECT VALUE c.created_utc FROM c WHERE c.id', names);
  return (await view.query<ItemDocument['created_utc']>(text, parameters)).map(hourOf);
}

function withFewer(line: Line, fewer: ReadonlyMap<string, number>): Line {
  const gone = line.kind === 'post' ? (fewer.get(line.id) ?? 0) : 0;
  if (gone === 0 || line.thread === null) return line;
  return { ...line, thread: { ...line.thread, stored: Math.max(0, line.thread.stored - gone) } };
}

/** What is gone is no omission any more. */
async function withoutOmissions(view: View, names: readonly string[]): Promise<Operation[]> {
  const document = await view.read<OmissionsDocument>(OMISSIONS_ID);
  if (document === null || !names.some((name) => name in document.omitted)) return [];
  const left = Object.entries(document.omitted).filter(([name]) => !names.includes(name));
  const rest: OmissionsDocument = { ...document, omitted: Object.fromEntries(left) };
  return [{ kind: 'upsert', document: rest }];
}
