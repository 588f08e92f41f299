import { createRequire, syncBuiltinESMExports } from 'node:module';
import Database from 'better-sqlite3';

/**
 * Comes into a jobs process, and each of its threads, by `--import …/takeover-preload-root.js?machine=NAME`:
 * gives the machine another name, and every connection to the database the SQL function `writer()`,
 * the pid of the process whose connection it is. The triggers of test/support/takeovers.ts call it.
 */
const machine = new URL(import.meta.url).searchParams.get('machine') ?? 'machine';
const os = createRequire(import.meta.url)('node:os') as { hostname: () => string };
os.hostname = () => machine;
syncBuiltinESMExports();

const prototype = Database.prototype as Pick<Database.Database, 'pragma'>;
const { pragma } = prototype;
const known = new WeakSet<object>();
prototype.pragma = function (this: Database.Database, ...args: Parameters<typeof pragma>) {
  if (!known.has(this)) {
    known.add(this);
    this.function('writer', () => process.pid);
  }
  return pragma.apply(this, args);
};
