import { AppError } from '../errors.js';
import { FAULT_OPERATIONS, isAmong } from './faults.js';
import type { OperationName } from './target.js';

export type Phase = 'before' | 'after';

/** A request at one of its two points: before it is carried out, and before it is answered. */
export interface RequestEvent {
  /** Counts requests from 1. */
  n: number;
  phase: Phase;
  operation: OperationName;
  database: string | undefined;
  container: string | undefined;
  id: string | undefined;
  /** Of the answer to come; 0 before the request is carried out. */
  status: number;
}

export interface HoldRequest {
  phase: Phase;
  operation?: (typeof FAULT_OPERATIONS)[number];
  container?: string;
  /** How many requests that fit pass first. */
  skip?: number;
}

/** Stops of requests, so that a test can do something while one is under way. */
export interface Holds {
  /** Stops the next request that fits. @throws AppError `invalid_request`. */
  add(given: HoldRequest): number;
  /** The request that is stopped; waits for it up to `waitMs`, then null. */
  arrived(id: number, waitMs: number): Promise<RequestEvent | null>;
  release(id: number): void;
  releaseAll(): void;
  /** Resolves when nothing stops the request any more. */
  pass(event: RequestEvent): Promise<void>;
}

interface Hold extends HoldRequest {
  passed: number;
  event: RequestEvent | null;
  arrived: PromiseWithResolvers;
  released: PromiseWithResolvers;
}

interface PromiseWithResolvers {
  promise: Promise<void>;
  resolve: () => void;
}

/** @param sleep resolves after that many milliseconds. */
export function createHolds(sleep: (ms: number) => Promise<void>): Holds {
  const holds = new Map<number, Hold>();
  let last = 0;
  const release = (id: number) => {
    holds.get(id)?.released.resolve();
    holds.delete(id);
  };
  return {
    add(given) {
      check(given);
      last += 1;
      const hold = { ...given, passed: 0, event: null, arrived: pending(), released: pending() };
      holds.set(last, hold);
      return last;
    },
    async arrived(id, waitMs) {
      const hold = holds.get(id);
      if (hold === undefined) throw new AppError('not_found', `there is no hold ${id}`);
      await Promise.race([hold.arrived.promise, sleep(waitMs)]);
      return hold.event;
    },
    release,
    releaseAll() {
      for (const id of [...holds.keys()]) release(id);
    },
    async pass(event) {
      for (const hold of holds.values()) {
        if (hold.event !== null || !fits(hold, event)) continue;
        hold.passed += 1;
        if (hold.passed <= (hold.skip ?? 0)) continue;
        hold.event = event;
        hold.arrived.resolve();
        await hold.released.promise;
        return;
      }
    },
  };
}

function fits({ phase, operation, container }: HoldRequest, event: RequestEvent): boolean {
  return (
    phase === event.phase &&
    isAmong(operation, event.operation) &&
    (container === undefined || container === event.container)
  );
}

function check({ phase, operation, skip = 0 }: HoldRequest): void {
  const known = operation === undefined || FAULT_OPERATIONS.includes(operation);
  if (['before', 'after'].includes(phase) && known && Number.isInteger(skip) && skip >= 0) return;
  throw new AppError(
    'invalid_request',
    `a hold is {"phase": "before" or "after", "operation": one of ${FAULT_OPERATIONS.join(', ')}, "container", "skip"}`,
  );
}

function pending(): PromiseWithResolvers {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
