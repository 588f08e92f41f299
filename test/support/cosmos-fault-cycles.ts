import { FAULT_KINDS, type Fault, type FaultKind } from '../../src/cosmos-account/faults.js';
import type { CosmosAccount } from '../../src/cosmos-account/run.js';
import { isAmong } from '../../src/cosmos-account/faults.js';
import { AppError } from '../../src/errors.js';
import type { World } from '../../src/simulator/world.js';
import {
  collectFrom,
  collectToEnd,
  DEADLINE_MS,
  faultsOfStore,
  idsOf,
  oddRecords,
  standingWorld,
} from './cosmos-cycles.js';
import { type Patience, preparedAccount, storeOn, type Teardown } from './cosmos-system.js';

/** Operations that a fault befalls; `any`: all of them. */
type Scope = 'batch' | 'read' | 'query' | 'any';

export interface CycleRow {
  name: string;
  fault: Fault & { operation: Scope };
  /** What the cycle under the fault must come to: `either` where it depends on what is asked when. */
  must: 'succeed' | 'fail' | 'either';
}

/** What a row came to. */
export interface RowEnd {
  /** In words, for who reads the table. */
  came: string;
  /** Whatever is not as it must be; empty is success. */
  failures: string[];
}

/** What an undisturbed cycle asks for and leaves. */
export interface Undisturbed {
  world: World;
  requests: Record<Scope, number>;
  /** What is stored after it. */
  ids: Set<string>;
  /** What is stored when nothing is left to do. */
  items: string[];
}

/** A tenth of the product's: whoever repeats a call waits 2.1 s in all. */
const HASTY: Patience = { attemptMs: 800, patienceMs: 1600, baseDelayMs: 100 };
/** Four attempts at a call, each as long as its patience, and the pauses between them. */
const LONGEST_CALL_MS = 4 * HASTY.patienceMs + 2100;
/** The call that is under way at the deadline, then the record's; and a busy machine. */
const ENDS_WITHIN_MS = DEADLINE_MS + 2 * LONGEST_CALL_MS + 3000;
/** Fewer than the repetitions of one call: the cycle itself gets over it. */
const A_WHILE = 3;

/** Well below the deadline of an attempt. */
const SLOW_MS = 150;
const BUSY_MS = 50;

function faultOf(kind: FaultKind, operation: Scope): CycleRow['fault'] {
  if (kind === 'slow') return { kind, operation, ms: SLOW_MS };
  if (kind === '429') return { kind, operation, ms: BUSY_MS };
  return { kind, operation };
}

/** Each fault for a while, and from the middle of a cycle to beyond its end. */
export function cycleRows(): CycleRow[] {
  const kinds = Object.keys(FAULT_KINDS) as FaultKind[];
  return kinds.flatMap((kind) => [
    ...(['batch', 'read', 'query'] as const).map(
      (scope): CycleRow => ({
        name: `cycle: ${kind}, ${A_WHILE} times, ${scope}`,
        fault: { ...faultOf(kind, scope), count: A_WHILE },
        must: 'succeed',
      }),
    ),
    { name: `cycle: ${kind} to its end, batch`, fault: faultOf(kind, 'batch'), must: fateOf(kind) },
    {
      name: `cycle: ${kind} to its end, any`,
      fault: faultOf(kind, 'any'),
      must: kind === 'slow' ? 'succeed' : 'fail',
    },
  ]);
}

/** Batches whose replies are all lost are found to be carried out; how many fit into the deadline is open. */
function fateOf(kind: FaultKind): CycleRow['must'] {
  if (kind === 'slow') return 'succeed';
  return kind === 'lost_reply' ? 'either' : 'fail';
}

export async function undisturbed(t: Teardown, worldMs: number): Promise<Undisturbed> {
  const world = standingWorld(worldMs);
  const requests: Record<Scope, number> = { batch: 0, read: 0, query: 0, any: 0 };
  const account = await preparedAccount(t, {
    onRequest: ({ phase, operation }) => {
      if (phase === 'after') return;
      for (const scope of Object.keys(requests) as Scope[]) {
        if (isAmong(scope, operation)) requests[scope] += 1;
      }
    },
  });
  const before = { ...requests };
  const cycle = await collectFrom(t, account, world, { id: 'undisturbed' });
  if (cycle.status !== 'succeeded') throw new Error(`undisturbed, the cycle ${cycle.status}`);
  for (const scope of Object.keys(requests) as Scope[]) requests[scope] -= before[scope];
  const counted = { ...requests };
  const store = storeOn(t, account);
  const ids = await idsOf(store);
  await store.close();
  const items = await collectToEnd(t, account, world, 'undisturbed');
  return { world, requests: counted, ids, items };
}

export async function runCycleRow(
  t: Teardown,
  { fault, must }: CycleRow,
  { world, requests, ids, items }: Undisturbed,
): Promise<RowEnd> {
  const account = await preparedAccount(t);
  const failures: string[] = [];
  account.faults.add({ ...fault, skip: Math.floor(requests[fault.operation] / 2) });
  const began = performance.now();
  const end = await endOfCycle(t, account, world);
  const ms = Math.round(performance.now() - began);
  if (ms > ENDS_WITHIN_MS) failures.push(`the cycle ended after ${ms} ms`);
  if (must !== 'either' && (must === 'succeed') !== (end.codes.length === 0)) {
    failures.push(`the cycle ${end.came}, and had to ${must}`);
  }
  for (const code of end.codes) {
    const known = code.startsWith('store_') || code === 'deadline_exceeded';
    if (!known) failures.push(`it ended with ${code}`);
  }
  const { hits = 0 } = account.faults.list()[0] ?? {};
  if (hits < (fault.count ?? 1)) failures.push(`the fault befell ${hits} requests`);
  account.faults.heal();

  const store = storeOn(t, account);
  failures.push(...(await faultsOfStore(store)).map((what) => `healed: ${what}`));
  const next = await collectFrom(t, account, world, { id: 'healed' });
  if (next.status !== 'succeeded') failures.push(`healed, the next cycle ${next.status}`);
  failures.push(...(await faultsOfStore(store)).map((what) => `after the next cycle: ${what}`));
  const there = await idsOf(store);
  const lacking = [...ids].filter((id) => !there.has(id));
  if (lacking.length > 0) failures.push(`after the next cycle ${lacking.join()} are not there`);
  failures.push(...difference(items, await collectToEnd(t, account, world, 'settled')));
  failures.push(...(await faultsOfStore(store)).map((what) => `in the end: ${what}`));
  failures.push(...(await oddRecords(store)));
  await store.close();
  return { came: `${end.came} after ${ms} ms, befell ${hits} requests`, failures };
}

/** Codes of what went wrong; empty: nothing did. */
async function endOfCycle(
  t: Teardown,
  account: CosmosAccount,
  world: World,
): Promise<{ came: string; codes: string[] }> {
  try {
    const cycle = await collectFrom(t, account, world, { id: 'befallen', patience: HASTY });
    const codes = cycle.errors.map(({ code }) => code);
    const of = codes.length === 0 ? '' : ` with ${[...new Set(codes)].join(', ')}`;
    return { came: `${cycle.status}${of}`, codes };
  } catch (error) {
    const code = error instanceof AppError ? error.code : String(error);
    return { came: `ended with ${code}`, codes: [code] };
  }
}

function difference(expected: readonly string[], found: readonly string[]): string[] {
  const [wanted, there] = [new Set(expected), new Set(found)];
  const lost = expected.filter((item) => !there.has(item));
  const strange = found.filter((item) => !wanted.has(item));
  return [
    ...(lost.length === 0 ? [] : [`${lost.length} items lack or differ, ${lost[0]}`]),
    ...(strange.length === 0 ? [] : [`${strange.length} items are others, ${strange[0]}`]),
    ...(found.length === there.size ? [] : [`${found.length - there.size} items are doubled`]),
  ];
}
