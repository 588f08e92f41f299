import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AppError } from '../errors.js';
import type { OperationName, Target } from './target.js';

/** Every kind of fault, with what a client sees of it. */
export const FAULT_KINDS = {
  silent: 'never an answer; nothing is carried out',
  reset: 'the connection is reset before anything is carried out',
  lost_reply: 'the request is carried out, then the connection is reset',
  slow: 'the right answer, `ms` milliseconds late',
  '503': '503 as the service sends it',
  '410': '410 with substatus 1002: the partition key range is gone',
  '449': '449: another write was under way, try again',
  '412': '412: a condition is not met',
  '429': '429 with substatus 3200 and x-ms-retry-after-ms of `ms`',
  html: '200 with a page of HTML',
  empty500: '500 without a body',
} as const;
export type FaultKind = keyof typeof FAULT_KINDS;
const KINDS = Object.keys(FAULT_KINDS) as FaultKind[];

/** `write` is create, upsert, replace and delete; `any` is every request but the control routes'. */
export const FAULT_OPERATIONS = [
  'read',
  'query',
  'plan',
  'batch',
  'write',
  'metadata',
  'any',
] as const;
type FaultOperation = (typeof FAULT_OPERATIONS)[number];

const FaultSchema = Type.Object(
  {
    kind: Type.Enum(KINDS),
    /** Absent: any. */
    operation: Type.Optional(Type.Enum([...FAULT_OPERATIONS])),
    /** Only requests for this container. */
    container: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    /** How many requests it hits before it is used up; absent: until it is healed. */
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
    /** How many requests that fit it lets pass first. */
    skip: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    /** Of `slow` and `429`. */
    ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })),
  },
  { additionalProperties: false },
);
export type Fault = Static<typeof FaultSchema>;

export type ListedFault = Fault & { hits: number };

export interface Faults {
  /** Adds all or none. @throws AppError `invalid_request` that says what would be right. */
  add(given: Fault | readonly Fault[]): void;
  /** Heals everything and ends the connections that silent faults hold. */
  heal(): void;
  /** In the order they were added, used-up ones too. */
  list(): ListedFault[];
  /** The first fault that fits the request, which is counted. */
  take(target: Target): Fault | null;
  /** Keeps a connection without an answer until all is healed. */
  hold(end: () => void): void;
}

const GROUPS: Record<FaultOperation, readonly OperationName[] | null> = {
  read: ['read'],
  query: ['query'],
  plan: ['plan'],
  batch: ['batch'],
  write: ['create', 'upsert', 'replace', 'delete'],
  metadata: ['account', 'database', 'container', 'ranges', 'offer'],
  any: null,
};

/** Whether a group of operations has this one. */
export function isAmong(group: FaultOperation | undefined, operation: OperationName): boolean {
  return GROUPS[group ?? 'any']?.includes(operation) ?? true;
}

export function createFaults(): Faults {
  let faults: (ListedFault & { passed: number })[] = [];
  const held = new Set<() => void>();
  return {
    add(given) {
      const added = (Array.isArray(given) ? (given as readonly Fault[]) : [given]).map(checkFault);
      faults.push(...added.map((fault) => ({ ...fault, hits: 0, passed: 0 })));
    },
    heal() {
      faults = [];
      for (const end of held) end();
      held.clear();
    },
    list: () => faults.map(({ passed: _passed, ...fault }) => fault),
    take(target) {
      for (const fault of faults) {
        if (fault.count !== undefined && fault.hits >= fault.count) continue;
        if (!isAmong(fault.operation, target.operation)) continue;
        if (fault.container !== undefined && fault.container !== target.container) continue;
        fault.passed += 1;
        if (fault.passed <= (fault.skip ?? 0)) continue;
        fault.hits += 1;
        return fault;
      }
      return null;
    },
    hold(end) {
      held.add(end);
    },
  };
}

const ACCEPTED: Record<keyof Fault, string> = {
  kind: `it is one of ${KINDS.join(', ')}`,
  operation: `it is one of ${FAULT_OPERATIONS.join(', ')}; without it any`,
  container: 'it is the name of a container',
  count: 'it is a whole number from 1; without it the fault stays until it is healed',
  skip: 'it is a whole number from 0',
  ms: 'it is whole milliseconds from 0 to 600000',
};

/** @throws AppError `invalid_request` that names the field and what it takes. */
function checkFault(given: unknown): Fault {
  if (typeof given !== 'object' || given === null) {
    throw wrong(`${shown(given)} is not a fault: it is an object with "kind" in it`);
  }
  const fields = Object.keys(FaultSchema.properties);
  const unknown = Object.keys(given).find((key) => !fields.includes(key));
  if (unknown !== undefined) {
    throw wrong(`a fault has no field ${shown(unknown)}: its fields are ${fields.join(', ')}`);
  }
  if (!Value.Check(FaultSchema, given)) {
    const field = (Value.Errors(FaultSchema, given)[0]?.instancePath.split('/')[1] ??
      'kind') as keyof Fault;
    const value = (given as Record<string, unknown>)[field];
    throw wrong(`${field} ${shown(value)} is not accepted: ${ACCEPTED[field]}`);
  }
  if (given.ms !== undefined && given.kind !== 'slow' && given.kind !== '429') {
    throw wrong(`ms goes with slow and 429, not with ${given.kind}`);
  }
  if (given.kind === 'slow' && given.ms === undefined) throw wrong('slow needs ms');
  return { ...given };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message);
}
