import Database from 'better-sqlite3';

export interface Ids {
  posts: string[];
  comments: string[];
}

/** Ids of everything in the database, read past our own code. */
export function storedIds(path: string): Ids {
  const database = new Database(path, { readonly: true });
  try {
    const ids = (table: string) =>
      database.prepare(`SELECT id FROM ${table} ORDER BY id`).pluck().all() as string[];
    return { posts: ids('posts'), comments: ids('comments') };
  } finally {
    database.close();
  }
}

/** What of `listed` is not in `stored`; empty when the collection is complete. */
export function missing(listed: Ids, stored: Ids): string[] {
  return (['posts', 'comments'] as const).flatMap((kind) => {
    const known = new Set(stored[kind]);
    return listed[kind].filter((id) => !known.has(id));
  });
}

/** What is in both: a world that goes on meanwhile adds and deletes. */
export function common(one: Ids, other: Ids): Ids {
  const both = (kind: keyof Ids) => {
    const known = new Set(other[kind]);
    return one[kind].filter((id) => known.has(id));
  };
  return { posts: both('posts'), comments: both('comments') };
}
