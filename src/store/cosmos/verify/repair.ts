import type { IsoTime } from '../../../domain/item.js';
import { HOUR_MS } from '../../../domain/window.js';
import { AppError } from '../../../errors.js';
import type { VerifyDifference } from '../../store.js';
import { titlesFrom, titlesId } from '../documents/documents.js';
import { createWriterMemory, type DerivedDocument } from '../write/cache.js';
import { changePartition, type WriteDeps } from '../write/change.js';
import { derive, derivedIds } from '../write/derive.js';
import { postName } from '../write/threads.js';
import type { View } from '../write/view.js';
import { countItems } from './partition.js';
import { type Ask, NOTHING, recount } from './recount.js';
import { hoursIn, later, STRETCH_HOURS } from './stretch.js';

type Place = Pick<VerifyDifference, 'subreddit' | 'hour'>;

/**
 * Writes what follows from the items of one hour, or how many items there are, anew: from the items as
 * they are by then. What this process remembers of the partition is not trusted.
 */
export async function repairPlace(deps: WriteDeps, { subreddit, hour }: Place): Promise<void> {
  const fresh = { ...deps, memory: createWriterMemory() };
  const of = { subreddit, fence: null, shape: 'repair' };
  const { status } = await changePartition(fresh, of, (view) =>
    hour === null ? rightHead(view) : rightHour(deps, view, { subreddit, hour }),
  );
  deps.memory.forget(subreddit.toLowerCase());
  if (status === 'too_large') {
    throw new AppError('internal', `What is derived of r/${subreddit} ${hour} exceeds a batch`);
  }
}

async function rightHead(view: View) {
  const items = await countItems((text, parameters) => view.query(text, parameters));
  return { head: { items }, operations: [], result: null };
}

async function rightHour(
  { clock, retentionMs }: WriteDeps,
  view: View,
  { subreddit, hour }: { subreddit: string; hour: IsoTime },
) {
  const stored = await view.derived(derivedIds([hour]));
  const mixed = isMixed(stored.get(titlesId(hour)));
  // Built anew as a whole, for by hours none of it would ever go.
  if (mixed) stored.delete(titlesId(hour));
  const from = mixed ? titlesFrom(hour) : hour;
  const span = { from, before: later(from, mixed ? STRETCH_HOURS : 1) };
  const before = [...(await view.hours(hoursIn(span))).values()].flat();
  const ask: Ask = (text, parameters) => view.query(text, parameters);
  const recounted = await recount(ask, span, before);
  const each = hoursIn(span).map((one) => [one, recounted.get(one) ?? NOTHING] as const);
  const hours = new Map(each.map(([one, { lines }]) => [one, lines]));
  const titles = new Map(
    each.flatMap(([, right]) => right.titles).map(([id, , , , , title]) => [postName(id), title]),
  );
  const name = view.head?.name ?? subreddit;
  const { seq } = view;
  const nowMs = clock.now();
  const operations = derive({ name, seq, nowMs, retentionMs, hours, stored, titles });
  return operations.length === 0 ? null : { operations, result: null };
}

/** Whether it has posts of other times than its own. */
function isMixed(document: DerivedDocument | undefined): boolean {
  if (document?.kind !== 'titles') return false;
  const fromMs = Date.parse(document.from);
  const toMs = fromMs + STRETCH_HOURS * HOUR_MS;
  return document.posts.some(([, created]) => created < fromMs || created >= toMs);
}
