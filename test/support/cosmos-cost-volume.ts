import { DEFAULT_SUBREDDITS } from '../../src/config-schema.js';
import { newCycle } from '../../src/domain/cycle.js';
import {
  fullname,
  type IsoTime,
  LABELS,
  type NewComment,
  type NewPost,
} from '../../src/domain/item.js';
import { DAY_MS, HOUR_MS, isoTime } from '../../src/domain/window.js';
import type { JsonObject } from '../../src/cosmos-account/values.js';
import { cycleDocument } from '../../src/store/cosmos/control/records.js';
import {
  HEAD_ID,
  type HeadDocument,
  partitionOf,
} from '../../src/store/cosmos/documents/documents.js';
import { itemDocument } from '../../src/store/cosmos/documents/items.js';
import { type Line, lineOf, NO_THREAD } from '../../src/store/cosmos/documents/lines.js';
import { derive, ttlOf } from '../../src/store/cosmos/write/derive.js';
import { aComment, aPost, aSentiment } from './items.js';

export const VOLUME_SUBREDDITS: readonly string[] = DEFAULT_SUBREDDITS.split(',');
export const VOLUME_DAYS = 90;
export const VOLUME_RETENTION_MS = 180 * DAY_MS;

/** Comments to a post, and a cycle's interval, as the system is designed for. */
const COMMENTS_PER_POST = 5.25;
const CYCLE_MS = 30 * 60_000;

interface Volume {
  items: number;
  /** Everything is older. */
  nowMs: number;
}

type Item = NewPost | NewComment;

/** Where an hour of a subreddit stands among all, and how many items it has. */
function placeOf({ items, nowMs }: Volume, subreddit: number, ms: number) {
  const firstMs = firstDay(nowMs);
  const places = VOLUME_SUBREDDITS.length * Math.floor((nowMs - firstMs) / HOUR_MS);
  const place = VOLUME_SUBREDDITS.length * ((ms - firstMs) / HOUR_MS) + subreddit;
  const from = Math.floor((place * items) / places);
  return { from, count: Math.floor(((place + 1) * items) / places) - from };
}

const firstDay = (nowMs: number): number => nowMs - (nowMs % DAY_MS) - VOLUME_DAYS * DAY_MS;

/** What of the volume was created in one subreddit and hour, at even distances. */
function itemsIn(volume: Volume, subreddit: number, ms: number): Item[] {
  const { from, count } = placeOf(volume, subreddit, ms);
  return itemsOf({ subreddit, ms, from, count });
}

function itemsOf(at: { subreddit: number; ms: number; from: number; count: number }): Item[] {
  const subreddit = VOLUME_SUBREDDITS[at.subreddit] ?? '';
  let post_id = `none${at.subreddit.toString(36)}`;
  return Array.from({ length: at.count }, (_, n): Item => {
    const nth = at.from + n;
    const id = `z${nth.toString(36).padStart(6, '0')}`;
    const created_utc = isoTime(at.ms + Math.floor((n * HOUR_MS) / at.count));
    const sentiment = aSentiment({ label: LABELS[nth % LABELS.length] ?? 'neutral' });
    const common = { id, subreddit, created_utc, sentiment, author: `author${nth % 997}` };
    if (isPost(nth)) {
      post_id = id;
      return aPost({ ...common, title: titleOf(nth), comment_count: 5 });
    }
    return aComment({ ...common, post_id, parent_id: `t3_${post_id}` });
  });
}

const isPost = (nth: number): boolean =>
  Math.floor((nth + 1) / (1 + COMMENTS_PER_POST)) > Math.floor(nth / (1 + COMMENTS_PER_POST));

const WORDS = [
  'agent',
  'model',
  'editor',
  'price',
  'context',
  'update',
  'prompt',
  'cloud',
  'limit',
];

function titleOf(n: number): string {
  const word = (step: number) => WORDS[Math.floor(n / step) % WORDS.length] ?? '';
  return `${word(1)} ${word(7)} ${word(31)} release${n % 211}`;
}

/** The documents of so many items, spread evenly over the days and subreddits, as commits leave them. */
export function* itemsDocuments(volume: Volume): Generator<JsonObject> {
  const { nowMs } = volume;
  for (const [subreddit, name] of VOLUME_SUBREDDITS.entries()) {
    let stored = 0;
    for (let dayMs = firstDay(nowMs); dayMs < nowMs; dayMs += DAY_MS) {
      const items = new Map<IsoTime, Item[]>();
      for (let ms = dayMs; ms < Math.min(dayMs + DAY_MS, nowMs - HOUR_MS); ms += HOUR_MS) {
        items.set(isoTime(ms), itemsIn(volume, subreddit, ms));
      }
      for (const item of [...items.values()].flat()) {
        stored += 1;
        yield storedDocument(item, nowMs) as unknown as JsonObject;
      }
      yield* derivedDocuments(name, items, nowMs);
    }
    yield headOf(name, stored, nowMs) as unknown as JsonObject;
  }
}

function derivedDocuments(
  name: string,
  items: ReadonlyMap<IsoTime, readonly Item[]>,
  nowMs: number,
): JsonObject[] {
  const posts = [...items.values()].flat().filter((item) => 'title' in item);
  const operations = derive({
    ...{ name, seq: 1, nowMs, retentionMs: VOLUME_RETENTION_MS, stored: new Map() },
    hours: new Map([...items].map(([hour, some]) => [hour, some.map(storedLine)])),
    titles: new Map(posts.map(({ id, title }) => [fullname({ kind: 'post', id }), title])),
  });
  return operations.flatMap((one) =>
    one.kind === 'upsert' ? [one.document as unknown as JsonObject] : [],
  );
}

function storedLine(item: Item): Line {
  const facts = {
    collected_at: collectedAt(item),
    keep: false,
    thread: { ...NO_THREAD, stored: 5 },
  };
  return lineOf(item, facts);
}

function storedDocument(item: Item, nowMs: number) {
  const ttl = ttlOf(item.created_utc, false, { nowMs, retentionMs: VOLUME_RETENTION_MS });
  const collected_at = collectedAt(item);
  return itemDocument(item, { collected_at, updated_at: collected_at, ttl });
}

const collectedAt = ({ created_utc }: Item): IsoTime => isoTime(Date.parse(created_utc) + CYCLE_MS);

function headOf(name: string, items: number, nowMs: number): HeadDocument {
  const last = isoTime(nowMs - CYCLE_MS);
  return {
    ...{ id: HEAD_ID, kind: 'head', subreddit: partitionOf(name), name, ttl: -1 },
    ...{ epoch: 0, seq: 1, token: 'loaded', stamp: last, items, state: 'active' },
    ...{ last_success_at: last, watermarks: { post: null, comment: null } },
  };
}

/** Records of a cycle each half hour of those days. */
export function* cycleDocuments(nowMs: number): Generator<JsonObject> {
  for (let ms = nowMs - VOLUME_DAYS * DAY_MS; ms < nowMs; ms += CYCLE_MS) {
    const begun = newCycle(`cycle-${isoTime(ms)}`, isoTime(ms), 'schedule', 90);
    const ended = { finished_at: isoTime(ms + 60_000), status: 'succeeded', duration_ms: 60_000 };
    const cycle = { ...begun, ...ended, memory_end_mb: 95 } as typeof begun;
    yield cycleDocument(cycle, { holder: 'host:1:0:0', epoch: 0 }) as unknown as JsonObject;
  }
}

/** New items of each subreddit in a cycle at the volume that the system is designed for. */
const ADDED = 20;

/** What a cycle finds in one subreddit: new ones, and some of the last day that got votes. */
export function cycleItems(volume: Volume, subreddit: number, ms: number): Item[] {
  const hourMs = ms - (ms % HOUR_MS) - HOUR_MS;
  const from = volume.items + (ms / 1000 - 1_700_000_000) * 100 + subreddit * ADDED;
  const added = itemsOf({ subreddit, ms: hourMs, from, count: ADDED });
  const last = volume.nowMs - (volume.nowMs % HOUR_MS) - 2 * HOUR_MS;
  const moved = Array.from({ length: 24 }, (_, hour) =>
    itemsIn(volume, subreddit, last - hour * HOUR_MS).slice(0, 2),
  ).flat();
  const votes = 100 + (Math.floor(ms / 1000) % 1_000_000);
  return [...added, ...moved.map((item) => ({ ...item, upvotes: votes }))];
}
