import type { IsoTime, Kind } from '../../domain/item.js';
import { rebuildRollup } from './counts.js';
import { type Db, one } from './db.js';
import { keyOf, type Place, placeOf } from './place.js';
import { rebuildTerms } from './post-terms.js';

/** The (subreddit, hour) places of which a transaction has to recompute what is derived. */
export class MovedHours {
  readonly #items = new Map<string, Place>();
  readonly #posts = new Map<string, Place>();

  add(kind: Kind, item: { subreddit: string; created_utc: IsoTime }): void {
    const place = placeOf(item);
    this.#items.set(keyOf(place), place);
    if (kind === 'post') this.#posts.set(keyOf(place), place);
  }

  /** Other comments of the post are stored: in the hour of a counted post, if it is known. */
  addThread(db: Db, postId: string): void {
    const sql = 'SELECT subreddit, created_utc FROM posts WHERE id = ? AND excluded IS NULL';
    const post = one<{ subreddit: string; created_utc: IsoTime }>(db, sql, postId);
    if (post === undefined) return;
    const place = placeOf(post);
    this.#items.set(keyOf(place), place);
  }

  /** To be run when the items are written, in the same transaction. */
  rebuild(db: Db): void {
    for (const { subreddit, hour } of this.#items.values()) rebuildRollup(db, subreddit, hour);
    for (const { subreddit, hour } of this.#posts.values()) rebuildTerms(db, subreddit, hour);
  }
}
