import { randomBytes } from 'node:crypto';
import type Database from 'better-sqlite3';
import type { IsoTime } from '../../domain/item.js';

export type Db = Database.Database;
type Statement = Database.Statement;

const prepared = new WeakMap<Db, Map<string, Statement>>();

/** The statement of this text on this connection, prepared once. */
export function statement(db: Db, sql: string): Statement {
  let statements = prepared.get(db);
  if (statements === undefined) {
    statements = new Map();
    prepared.set(db, statements);
  }
  let found = statements.get(sql);
  if (found === undefined) {
    found = db.prepare(sql);
    statements.set(sql, found);
  }
  return found;
}

export function run(db: Db, sql: string, ...values: unknown[]): number {
  return statement(db, sql).run(...values).changes;
}

/** The caller vouches for the row's shape: it stands in the same file as the query. */
export function one<Row>(db: Db, sql: string, ...values: unknown[]): Row | undefined {
  return statement(db, sql).get(...values) as Row | undefined;
}

export function all<Row>(db: Db, sql: string, ...values: unknown[]): Row[] {
  return statement(db, sql).all(...values) as Row[];
}

interface Meta {
  data_version: number;
  last_collected_at: IsoTime;
}

export function readMeta(db: Db): Meta {
  const meta = one<Meta>(db, 'SELECT data_version, last_collected_at FROM meta');
  if (meta === undefined) throw new Error('the meta row is missing');
  return meta;
}

/** To be called in every write that changes what readers see; answers the new version. */
export function bumpDataVersion(db: Db): number {
  run(db, 'UPDATE meta SET data_version = data_version + 1');
  return readMeta(db).data_version;
}

const openings = new WeakMap<Db, { name: string; version: number }>();

/**
 * Names this connection's opening of the file. A version that falls is another opening, too:
 * something older was restored into the same file.
 */
export function openingOf(db: Db, version: number): string {
  let known = openings.get(db);
  if (known === undefined || version < known.version) {
    known = { name: randomBytes(8).toString('hex'), version };
    openings.set(db, known);
  }
  known.version = version;
  return known.name;
}
