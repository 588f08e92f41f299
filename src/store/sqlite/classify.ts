import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError, type ErrorCode } from '../../errors.js';

/** Result codes (sqlite.org/rescode.html) by their primary name; extended ones start with it. */
const BY_CODE: readonly [prefix: string, code: ErrorCode, what: string][] = [
  ['SQLITE_BUSY', 'store_busy', 'is locked by another process'],
  ['SQLITE_LOCKED', 'store_busy', 'is locked by another connection'],
  ['SQLITE_PROTOCOL', 'store_busy', 'is locked by another process'],
  ['SQLITE_READONLY_DBMOVED', 'store_unreachable', 'has been moved away'],
  ['SQLITE_READONLY', 'store_unusable', 'cannot be written'],
  ['SQLITE_PERM', 'store_unusable', 'cannot be written'],
  ['SQLITE_AUTH', 'store_unusable', 'cannot be written'],
  ['SQLITE_NOTADB', 'store_unusable', 'is not a database'],
  ['SQLITE_CORRUPT', 'store_unusable', 'is corrupt'],
  ['SQLITE_CANTOPEN_ISDIR', 'store_unusable', 'is a directory'],
  ['SQLITE_CANTOPEN', 'store_unreachable', 'cannot be opened'],
  ['SQLITE_FULL', 'store_unreachable', 'cannot grow: the disk is full'],
  ['SQLITE_IOERR', 'store_unreachable', 'cannot be read or written: the disk reports an error'],
  ['SQLITE_NOMEM', 'store_unreachable', 'cannot be used: memory is short'],
];

/** File system errors that no waiting cures; others (EMFILE, ENOSPC, EIO) may pass. */
const LASTING = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'ENAMETOOLONG',
  'ELOOP',
]);

const BRING_BACK = 'bring the file back';
const CURES: Partial<Record<string, string>> = {
  'is not a database':
    'point SQLITE_PATH at another file, or move this one away and restore a backup',
  'is corrupt': 'move the file that SQLITE_PATH names away and restore a backup',
  'is a directory': 'point SQLITE_PATH at a file, not at a folder',
  'is not a regular file': 'point SQLITE_PATH at a file',
  'cannot grow: the disk is full': 'free space on the disk',
  'has been moved away': BRING_BACK,
  'is locked by another process':
    'wait for the other process; fuser -v with the file that SQLITE_PATH names says which it is',
  'lies behind a link to a place that is not there': 'mount the disk, or correct the link',
};

const REACHABLE =
  'see to the disk and to the file that SQLITE_PATH names; services try it again by themselves';
const WRITABLE = 'make the file that SQLITE_PATH names and its folder writable for this user';

/**
 * The one place that knows what better-sqlite3's and the file system's errors mean to us.
 * What is no failure of the store (a bug, a violated constraint) comes back unchanged.
 */
export function classify(error: unknown, path: string): unknown {
  if (error instanceof AppError) return error;
  const code = (error as { code?: unknown }).code;
  if (typeof code !== 'string') return error;
  if (!code.startsWith('SQLITE_')) return fileSystemError(code, error, path);
  const known = BY_CODE.find(([prefix]) => code.startsWith(prefix));
  if (known === undefined) return error;
  const [, ours, what] = known;
  if (ours === 'store_unreachable' && code.startsWith('SQLITE_CANTOPEN')) {
    return whyNotOpen(path) ?? failure(ours, path, what, error, code);
  }
  return failure(ours, path, what, error, code);
}

/** A permission or a wrong kind of file explains why SQLite cannot open it; null: it does not. */
export function whyNotOpen(path: string): AppError | null {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return failure('store_unusable', path, 'is a directory');
    if (!stat.isFile()) return failure('store_unusable', path, 'is not a regular file');
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code !== 'ENOENT') return LASTING.has(code) ? fileSystemError(code, error, path) : null;
  }
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    return LASTING.has(code) ? fileSystemError(code, error, path) : null;
  }
}

/** For a file system that has no room for such a folder, whatever it calls that. */
export function cannotCreate(path: string, cause: unknown): AppError {
  return failure('store_unusable', path, CANNOT_CREATE, cause);
}

/** For a file that ought to be there; `what` follows the path. */
export function missing(path: string, what: string): AppError {
  const details = { why: what.replace(/^,? /, '') };
  return new AppError('store_unreachable', `The database ${path}${what}`, {
    cure: CURES[details.why] ?? BRING_BACK,
    details,
  });
}

const CANNOT_CREATE = 'cannot be created or written';

function fileSystemError(code: string, error: unknown, path: string): AppError {
  const lasting = LASTING.has(code);
  const what = lasting ? CANNOT_CREATE : 'cannot be opened';
  return failure(lasting ? 'store_unusable' : 'store_unreachable', path, what, error, code);
}

/** `details.why` says the same without the path: `/health` shows it. */
function failure(
  code: ErrorCode,
  path: string,
  what: string,
  cause?: unknown,
  reason?: string,
): AppError {
  const tail = reason === undefined ? '' : ` (${reason})`;
  const cure = CURES[what] ?? (code === 'store_unusable' ? WRITABLE : REACHABLE);
  return new AppError(code, `The database ${path} ${what}${tail}`, {
    ...{ cause, cure },
    details: { why: reason === undefined ? what : `${what}, ${reason}` },
  });
}
