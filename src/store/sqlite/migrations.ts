import { AppError } from '../../errors.js';
import type { Db } from './db.js';
import { missing } from './classify.js';
import { SCHEMA_1 } from './schema-1.js';
import { SCHEMA_2 } from './schema-2.js';
import { SCHEMA_3 } from './schema-3.js';
import { SCHEMA_4 } from './schema-4.js';
import { fillCoverage } from './fill-coverage.js';
import { fillTerms } from './post-terms.js';

/**
 * A plain numbered list: umzug would cost every process and every job thread 140–200 ms at
 * its import, and runs its steps across awaits, where we want one immediate transaction.
 *
 * Migrations expand first and contract one release later. `oldestCode` is the lowest schema
 * number whose code can still use a database on which the migration ran.
 */
interface Migration {
  oldestCode: number;
  sql: string;
  /** What SQL cannot do, in the same transaction. */
  fill?: (db: Db) => void;
}

const MIGRATIONS: readonly Migration[] = [
  { oldestCode: 1, sql: SCHEMA_1 },
  { oldestCode: 1, sql: SCHEMA_2 },
  { oldestCode: 1, sql: SCHEMA_3, fill: fillTerms },
  { oldestCode: 1, sql: SCHEMA_4, fill: fillCoverage },
];

/** The schema this code writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

export interface MigrateOptions {
  mayCreate: boolean;
  /** Told before a database of an older release is brought on, which may take a while. */
  onUpgrade?: (() => void) | undefined;
}

/**
 * Brings the database to this code's schema under the write lock; whoever comes second
 * finds it done. With `mayCreate` false a database without our tables is one that vanished.
 * @throws AppError `store_unusable` for a newer schema or somebody else's tables.
 */
export function migrate(db: Db, path: string, { mayCreate, onUpgrade }: MigrateOptions): void {
  const found = schemaVersion(db, path);
  if (found >= SCHEMA_VERSION) return;
  if (found > 0) onUpgrade?.();
  db.transaction(() => {
    const version = schemaVersion(db, path);
    if (version === 0 && !mayCreate) {
      throw missing(path, ' has lost its tables');
    }
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      db.exec(migration.sql);
      migration.fill?.(db);
      db.prepare('UPDATE meta SET schema_version = ?, oldest_code = max(oldest_code, ?)').run(
        index + 1,
        migration.oldestCode,
      );
    }
  }).immediate();
}

/** 0: a database without tables. @throws AppError `store_unusable`, as `migrate` does. */
export function schemaVersion(db: Db, path: string): number {
  const tables = db
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
    .pluck()
    .all() as string[];
  if (tables.length === 0) return 0;
  if (!tables.includes('meta')) {
    throw new AppError('store_unusable', `The database ${path} belongs to another program`, {
      cure: 'point SQLITE_PATH at a file of its own',
    });
  }
  const meta = db.prepare('SELECT schema_version, oldest_code FROM meta').get() as
    | { schema_version: number; oldest_code: number }
    | undefined;
  if (meta === undefined) return 0;
  if (meta.oldest_code > SCHEMA_VERSION) {
    throw new AppError(
      'store_unusable',
      `The database ${path} has schema ${meta.schema_version}, which needs code of schema ${meta.oldest_code} or later; this code has ${SCHEMA_VERSION}`,
      { cure: 'install the newer release again, or point SQLITE_PATH at a database of this one' },
    );
  }
  return meta.schema_version;
}
