import type { IsoTime, Kind, NewComment, NewPost } from '../../domain/item.js';
import { voteMoveMatters } from '../../domain/item.js';
import { isSameName } from '../check-batch.js';
import { type Db, one, run } from './db.js';
import { type CommentRow, type PostRow, toItem, toRow } from './rows.js';

/** A kind of item with its own type. */
export interface ItemOf {
  post: NewPost;
  comment: NewComment;
}

const ASSESSED = [
  ...(['label', 'score', 'confidence', 'method', 'scorer_version', 'excluded'] as const),
  'edited_at' as const,
];
/** Their change is a change of the item, whatever the votes do. */
const OWN = {
  post: [
    ...(['author', 'title', 'content', 'url', 'permalink', 'created_utc'] as const),
    'comment_count' as const,
  ],
  comment: [
    ...(['author', 'content', 'permalink', 'created_utc'] as const),
    ...(['post_id', 'parent_id'] as const),
  ],
};
export const tableOf = (kind: Kind) => `${kind}s` as const;

const columnsOf = (kind: Kind): string[] => [
  'id',
  'subreddit',
  'upvotes',
  ...OWN[kind],
  ...ASSESSED,
];

/** `@stamp` is both times; the other values bear their columns' names. */
const insertSql = (kind: Kind) => {
  const columns = [...columnsOf(kind), 'keep_history'];
  return `INSERT INTO ${tableOf(kind)} (${columns.join(', ')}, collected_at, updated_at)
   VALUES (${columns.map((name) => `@${name}`).join(', ')}, @stamp, @stamp)`;
};
const updateSql = (kind: Kind) => {
  const columns = columnsOf(kind).map((name) => `${name} = @${name}`);
  return `UPDATE ${tableOf(kind)} SET ${columns.join(', ')}, updated_at = @stamp WHERE id = @id`;
};
const SQL = {
  post: { insert: insertSql('post'), update: updateSql('post') },
  comment: { insert: insertSql('comment'), update: updateSql('comment') },
};

/** As it is stored, or null. */
export function readItem<K extends Kind>(db: Db, kind: K, id: string): ItemOf[K] | null {
  const row = one<PostRow | CommentRow>(db, `SELECT * FROM ${tableOf(kind)} WHERE id = ?`, id);
  return row === undefined ? null : (toItem(row) as ItemOf[K]);
}

export function insertItem<K extends Kind>(
  db: Db,
  kind: K,
  item: ItemOf[K],
  { stamp, keepHistory = false }: { stamp: IsoTime; keepHistory?: boolean },
): void {
  run(db, SQL[kind].insert, { ...toRow(item), stamp, keep_history: keepHistory ? 1 : 0 });
}

export function updateItem<K extends Kind>(db: Db, kind: K, item: ItemOf[K], stamp: IsoTime): void {
  run(db, SQL[kind].update, { ...toRow(item), stamp });
}

/** Whether the difference is worth a write. */
export function hasChanged<K extends Kind>(kind: K, before: ItemOf[K], after: ItemOf[K]): boolean {
  const [was, is] = [toRow(before), toRow(after)] as unknown as [Values, Values];
  return (
    [...OWN[kind], ...ASSESSED].some((name) => was[name] !== is[name]) ||
    !isSameName(before.subreddit, after.subreddit) ||
    voteMoveMatters(before.upvotes, after.upvotes)
  );
}

type Values = Record<string, unknown>;
