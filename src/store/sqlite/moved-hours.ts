import type { IsoTime, Kind } from '../../domain/item.js';
import { hourOf } from '../../domain/rollup.js';
import { rebuildRollup } from './counts.js';
import type { Db } from './db.js';
import { rebuildTerms } from './post-terms.js';

type Place = [subreddit: string, hour: IsoTime];

/** The (subreddit, hour) places of which a transaction has to recompute what is derived. */
export class MovedHours {
  readonly #items = new Map<string, Place>();
  readonly #posts = new Map<string, Place>();

  add(kind: Kind, item: { subreddit: string; created_utc: IsoTime }): void {
    const hour = hourOf(item.created_utc);
    const key = `${hour} ${item.subreddit.toLowerCase()}`;
    this.#items.set(key, [item.subreddit, hour]);
    if (kind === 'post') this.#posts.set(key, [item.subreddit, hour]);
  }

  /** To be run when the items are written, in the same transaction. */
  rebuild(db: Db): void {
    for (const [subreddit, hour] of this.#items.values()) rebuildRollup(db, subreddit, hour);
    for (const [subreddit, hour] of this.#posts.values()) rebuildTerms(db, subreddit, hour);
  }
}
