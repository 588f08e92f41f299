import { randomUUID } from 'node:crypto';
import { type Clock, toIso } from '../../../clock.js';
import type { ReadStore, RunnerStore } from '../../store.js';
import type { Account } from '../account.js';
import { changeDocument, overwrite, readDocument } from './change.js';
import {
  HEARTBEAT_ID,
  type HeartbeatDocument,
  LEASE_ID,
  type LeaseDocument,
  REQUEST_ID,
  type RequestDocument,
  SCOPE,
} from './documents.js';
import { isAlive } from './lease.js';

/** Nobody took it for this long: the runner was away, and so is the wish by now. */
const REQUEST_LIFE_MS = 300_000;
/** From taking a request to the start of its cycle; a runner that died between is not waited for longer. */
const TAKEN_LIFE_MS = 60_000;

const REQUEST = { shape: 'request', id: REQUEST_ID };

export type Runner = Pick<RunnerStore, 'heartbeat' | 'takeRequest'> &
  Pick<ReadStore, 'requestCycle'>;

/** What the API asks of the runner, and the runner's signs of life. */
export function cosmosRunner(deps: { account: Pick<Account, 'control'>; clock: Clock }): Runner {
  const { clock } = deps;
  const { control } = deps.account;
  const opening = randomUUID();
  /** What was handed out last. */
  let given: string | null = null;

  return {
    heartbeat: async (beat) => {
      const own = { id: HEARTBEAT_ID, scope: SCOPE, kind: 'heartbeat' } as const;
      const document: HeartbeatDocument = { ...own, at: toIso(clock.now()), ...beat };
      await overwrite(control, 'heartbeat', document);
    },

    requestCycle: async (cycleId) => {
      const lease = await readDocument<LeaseDocument>(control, { shape: 'request', id: LEASE_ID });
      if (lease !== null && isAlive(lease.document, toIso(clock.now()))) {
        return { accepted: false, cycle_id: lease.document.cycle_id };
      }
      return changeDocument<RequestDocument, { accepted: boolean; cycle_id: string }>(
        control,
        REQUEST,
        (open) => {
          const nowMs = clock.now();
          if (open !== null && isFresh(open, nowMs)) {
            // One's own: the answer to it was lost.
            const { cycle_id } = open;
            return { result: { accepted: cycle_id === cycleId, cycle_id } };
          }
          const write = openRequest(cycleId, nowMs);
          return { result: { accepted: true, cycle_id: cycleId }, write };
        },
      );
    },

    takeRequest: async () => {
      const taken = await changeDocument<RequestDocument, string | null>(
        control,
        REQUEST,
        (open) => {
          const nowMs = clock.now();
          if (open === null || !isFresh(open, nowMs)) return { result: null };
          const { cycle_id, taken_at, taken_by } = open;
          if (taken_at === null) {
            const write = { ...open, taken_at: toIso(nowMs), taken_by: opening };
            return { result: cycle_id, write };
          }
          // Taken by this store, and not handed out: the answer was lost.
          return { result: taken_by === opening && given !== cycle_id ? cycle_id : null };
        },
      );
      if (taken === null) return null;
      given = taken;
      return { cycle_id: taken };
    },
  };
}

/** A clock that was set back must not keep a request open for ever: hence the absolute value. */
function isFresh({ requested_at, taken_at }: RequestDocument, nowMs: number): boolean {
  const ageMs = Math.abs(nowMs - Date.parse(taken_at ?? requested_at));
  return ageMs < (taken_at === null ? REQUEST_LIFE_MS : TAKEN_LIFE_MS);
}

function openRequest(cycleId: string, nowMs: number): RequestDocument {
  const times = { requested_at: toIso(nowMs), taken_at: null, taken_by: null };
  return { id: REQUEST_ID, scope: SCOPE, kind: 'request', cycle_id: cycleId, ...times };
}
