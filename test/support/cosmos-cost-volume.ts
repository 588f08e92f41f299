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
import { HEAD_ID, type HeadDocument, partitionOf } from '../../src/store/cosmos/documents/documents.js';
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

/** Items of one subreddit and hour, created at even distances. Their ids are those of no other. */
export function itemsOfHour(at: { subreddit: number; ms: number; count: number }): Item[] {
  const subreddit = VOLUME_SUBREDDITS[at.subreddit] ?? '';
  const prefix = `${at.subreddit.toString(36)}z${(at.ms / HOUR_MS).toString(36)}`;
  const posts = Math.ceil(at.count / (1 + COMMENTS_PER_POST));
  return Array.from({ length: at.count }, (_, n): Item => {
    const id = `${prefix}${n.toString(36).padStart(4, '0')}`;
    const created_utc = isoTime(at.ms + Math.floor((n * HOUR_MS) / at.count));
    const sentiment = aSentiment({ label: LABELS[n % LABELS.length] ?? 'neutral' });
    const common = { id, subreddit, created_utc, sentiment, author: `author${n % 997}` };
    if (n < posts) return aPost({ ...common, title: titleOf(at.ms / HOUR_MS + n), comment_count: 5 });
    const post_id = `${prefix}${(n % posts).toString(36).padStart(4, '0')}`;
    return aComment({ ...common, post_id, parent_id: `t3_${post_id}` });
  });
}

const WORDS = ['agent', 'model', 'editor', 'price', 'context', 'update', 'prompt', 'cloud', 'limit'];

function titleOf(n: number): string {
  const word = (step: number) => WORDS[Math.floor(n / step) % WORDS.length] ?? '';
  return `${word(1)} ${word(7)} ${word(31)} release${n % 211}`;
}

/** The documents of so many items, spread evenly over the days and subreddits, as commits leave them. */
export function* itemsDocuments({ items, nowMs }: Volume): Generator<JsonObject> {
  const firstMs = nowMs - (nowMs % DAY_MS) - VOLUME_DAYS * DAY_MS;
  const hours = Math.floor((nowMs - firstMs) / HOUR_MS);
  for (const [subreddit, name] of VOLUME_SUBREDDITS.entries()) {
    let stored = 0;
    for (let dayMs = firstMs; dayMs < nowMs; dayMs += DAY_MS) {
      const lines = new Map<IsoTime, Line[]>();
      const titles = new Map<string, string>();
      for (let ms = dayMs; ms < Math.min(dayMs + DAY_MS, nowMs - HOUR_MS); ms += HOUR_MS) {
        const place = VOLUME_SUBREDDITS.length * ((ms - firstMs) / HOUR_MS) + subreddit;
        const all = hours * VOLUME_SUBREDDITS.length;
        const upTo = (n: number) => Math.floor((n * items) / all);
        const count = upTo(place + 1) - upTo(place);
        if (count === 0) continue;
        const some = itemsOfHour({ subreddit, ms, count });
        stored += count;
        lines.set(isoTime(ms), some.map(storedLine));
        for (const item of some) {
          const document = storedDocument(item, nowMs);
          if ('title' in item) titles.set(document.id, item.title);
          yield document as unknown as JsonObject;
        }
      }
      for (const operation of derive({
        ...{ name, seq: 1, nowMs, retentionMs: VOLUME_RETENTION_MS, hours: lines, titles },
        stored: new Map(),
      })) {
        if (operation.kind === 'upsert') yield operation.document as unknown as JsonObject;
      }
    }
    yield headOf(name, stored, nowMs) as unknown as JsonObject;
  }
}

function storedLine(item: Item): Line {
  const facts = { collected_at: collectedAt(item), keep: false, thread: { ...NO_THREAD, stored: 5 } };
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

/** What a cycle half an hour later finds in one subreddit: new ones, and others that got votes. */
export function cycleItems(at: { subreddit: number; ms: number; added: number }): Item[] {
  const added = itemsOfHour({ subreddit: at.subreddit, ms: at.ms, count: at.added });
  const moved = Array.from({ length: 12 }, (_, hour) =>
    itemsOfHour({ subreddit: at.subreddit, ms: at.ms - (hour + 2) * HOUR_MS, count: 3 }),
  ).flat();
  return [...added, ...moved.map((item) => ({ ...item, upvotes: item.upvotes + 100 }))];
}

export const nameOf = (item: Item): string =>
  fullname({ kind: 'title' in item ? 'post' : 'comment', id: item.id });
