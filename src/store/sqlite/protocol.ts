import { AppError, type ErrorCode, toAppError } from '../../errors.js';
import type { ReadStore } from '../store.js';
import type { Creation } from './connection.js';

/** What the thread is started with. */
export interface ThreadStart {
  path: string;
  /** A thread that may create something opens the store before it is ready. */
  create: Creation;
  /** False: for rare calls, which had better not hold on to files that have long been moved. */
  keepOpen: boolean;
}

export type ToThread =
  | { kind: 'call'; id: number; method: keyof ReadStore; args: unknown[]; nowMs: number }
  /** Nobody waits for it any more: it need not be run if it has not been. */
  | { kind: 'cancel'; id: number }
  | { kind: 'close' };

export type FromThread =
  | { kind: 'ready' }
  /** The database is of an older release: nothing is answered until it has been brought on. */
  | { kind: 'upgrading' }
  | { kind: 'failed'; error: WireError }
  | { kind: 'answer'; id: number; value?: unknown; error?: WireError }
  | { kind: 'slow'; shape: string; ms: number };

/** An error class does not survive the way between threads; these fields do. */
export interface WireError {
  code: ErrorCode;
  message: string;
  cure: string | undefined;
  details: Record<string, unknown>;
  /** Of the underlying error, for the log. */
  stack: string | undefined;
}

export function toWire(error: unknown): WireError {
  const known = toAppError(error);
  const { code, message, cure, details } = known;
  const origin = known.cause instanceof Error ? known.cause : known;
  return { code, message, cure, details: plain(details), stack: origin.stack };
}

export function fromWire(wire: WireError): AppError {
  const cause = new Error(wire.message);
  if (wire.stack !== undefined) cause.stack = wire.stack;
  return new AppError(wire.code, wire.message, {
    cause,
    details: wire.details,
    ...(wire.cure === undefined ? {} : { cure: wire.cure }),
  });
}

/** Only what can be posted to another thread. */
function plain(details: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(details)) as Record<string, unknown>;
}
