import { type Clock, toIso } from '../clock.js';
import type { Config } from '../config.js';
import type { ItemBatch } from '../store/store.js';

/** For each commit: what was created before this is kept without text and author. */
export function textSince(
  { textRetentionMs }: Pick<Config['collection'], 'textRetentionMs'>,
  clock: Clock,
): Pick<ItemBatch, 'textSince'> {
  return textRetentionMs === null ? {} : { textSince: toIso(clock.now() - textRetentionMs) };
}
