import { type IsoTime, LABELS, SCORE_UNIT } from '../../../domain/item.js';
import { type Counts, NO_COUNTS } from '../../../domain/rollup.js';
import { isoTime } from '../../../domain/window.js';
import type { HourDocument } from '../documents/documents.js';
import { unpackLine } from '../documents/lines.js';

/** The counted items of one subreddit and hour, in some bytes each, in no order. */
export interface HourItems {
  seq: number;
  /** Something in it is exempt from retention. */
  exempt: boolean;
  /** Milliseconds after the start of the hour. */
  created: Uint32Array;
  /** Units of the score. */
  units: Int32Array;
  /** The label's place in LABELS, and POST for a post. */
  flags: Uint8Array;
}

const POST = 4;
const LABEL_BITS = 3;

export function hourItemsOf(document: HourDocument): HourItems {
  const startMs = Date.parse(document.hour);
  const lines = document.lines
    .map((packed) => unpackLine(packed, document.hour))
    .filter(({ excluded }) => excluded === null);
  return {
    ...{ seq: document.seq, exempt: document.ttl === -1 },
    created: Uint32Array.from(lines, ({ created_utc }) => Date.parse(created_utc) - startMs),
    units: Int32Array.from(lines, ({ score }) => Math.round(score * SCORE_UNIT)),
    flags: Uint8Array.from(
      lines,
      ({ kind, label }) => LABELS.indexOf(label) + (kind === 'post' ? POST : 0),
    ),
  };
}

export function bytesOf({ created }: HourItems): number {
  return 9 * created.length + 400;
}

/** Of the items created in a part of the hour. Threads belong to whole hours. */
export function countPart(
  { created, units, flags }: HourItems,
  hour: IsoTime,
  part: { fromMs: number; toMs: number },
): Counts {
  const startMs = Date.parse(hour);
  const [from, to] = [part.fromMs - startMs, part.toMs - startMs];
  const labels: number[] = LABELS.map(() => 0);
  const sum = { posts: 0, comments: 0, score_sum: 0 };
  let last = -1;
  for (let at = 0; at < created.length; at += 1) {
    const time = created[at] as number;
    if (time < from || time >= to) continue;
    const flag = flags[at] as number;
    if ((flag & POST) === 0) sum.comments += 1;
    else sum.posts += 1;
    const label = flag & LABEL_BITS;
    labels[label] = (labels[label] ?? 0) + 1;
    sum.score_sum += units[at] as number;
    last = Math.max(last, time);
  }
  return {
    ...{ ...NO_COUNTS, ...sum },
    ...Object.fromEntries(LABELS.map((label, at) => [label, labels[at] ?? 0])),
    last_item_at: last < 0 ? null : isoTime(startMs + last),
  };
}
