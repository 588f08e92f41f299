import { blanked, DELETED, withoutText } from './erasure.js';
import { type Exclusion, type IsoTime, isGone, type NewComment, type NewPost } from './item.js';

export interface MergeRules {
  /** The given item is how it is now; otherwise it may be older than what is stored. */
  direct: boolean;
  /** Items created before this keep neither text nor author. */
  textSince: IsoTime | undefined;
}

/**
 * What is to be stored of a given item, when `stored` (null: nothing) is there. Items that are not
 * `direct` come in any order and more than once, for pages are cached and overlap: so, votes
 * apart, what comes out must depend on which of them came and not on when (a join semilattice).
 * Later edit over earlier, gone over there, deleted over removed.
 */
export function merged<Item extends NewPost | NewComment>(
  stored: Item | null,
  given: Item,
  { direct, textSince }: MergeRules,
): Item {
  const item = stored === null || direct ? blanked(given) : joined(stored, given);
  const expired = textSince !== undefined && item.created_utc < textSince;
  if (!expired || isGone(item)) return item;
  const assessed = stored !== null && !isGone(stored) ? stored : item;
  return withoutText({ ...item, sentiment: assessed.sentiment, edited_at: assessed.edited_at });
}

function joined<Item extends NewPost | NewComment>(stored: Item, given: Item): Item {
  if (isGone(given)) {
    const final: Exclusion =
      stored.excluded === 'deleted' ? 'deleted' : (given.excluded ?? 'deleted');
    return blanked({ ...given, excluded: final });
  }
  if (isGone(stored)) return stored;
  const stale = (given.edited_at ?? '') < (stored.edited_at ?? '');
  const newer = stale ? { ...stored, ...counted(given) } : given;
  // The author's account is gone, the text is not; that, too, is not taken back by an older page.
  const anonymous = [stored, given].some(({ author }) => author === DELETED);
  return anonymous ? { ...newer, author: DELETED } : newer;
}

/** What moves without an edit. */
function counted(item: NewPost | NewComment): Partial<NewPost> {
  const { upvotes } = item;
  return 'title' in item ? { upvotes, comment_count: item.comment_count } : { upvotes };
}
