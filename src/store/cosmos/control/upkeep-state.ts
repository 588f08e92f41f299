import type { Fence } from '../../store.js';
import type { UpkeepState } from '../../upkeep-store.js';
import type { Account, Operation } from '../account.js';
import { readDocument, replacement, untilNotOvertaken } from './change.js';
import { SCOPE, type Seen, UPKEEP_ID, type UpkeepDocument } from './documents.js';
import { type LeaseCheck, leaseLost } from './lease.js';

const SHAPE = 'upkeepState';

/** Where upkeep has got to. Who begins a cycle stamps it, so that an older holder cannot write it. */
export interface UpkeepNotes {
  read(): Promise<UpkeepState>;
  save(state: UpkeepState, fence: Fence): Promise<void>;
  /** What stamps it, for the batch that takes the lease, or takes it away. */
  stamp(epoch: number): Promise<Stamp>;
}

export interface Stamp {
  operation: Operation;
  /** To be told the ETag once it is written. */
  written(etag: string | null | undefined): void;
}

export function cosmosUpkeepNotes(deps: {
  account: Pick<Account, 'control'>;
  lease: LeaseCheck;
}): UpkeepNotes {
  const { control } = deps.account;
  let own: Seen<UpkeepDocument> | null = null;

  const read = () => readDocument<UpkeepDocument>(control, { shape: SHAPE, id: UPKEEP_ID });
  const keep = (document: UpkeepDocument, etag: string | null | undefined) => {
    own = etag ? { document, etag } : null;
  };

  const trySave = async (state: UpkeepState, fence: Fence) => {
    deps.lease.check(fence);
    const seen = own?.document.epoch === fence.epoch ? own : await read();
    own = null;
    const epoch = seen?.document.epoch ?? 0;
    if (epoch > fence.epoch) throw leaseLost(fence, null);
    if (epoch < fence.epoch) await deps.lease.require(fence);
    const document = upkeepDocument(state, fence.epoch);
    const result = await control.batch(SHAPE, SCOPE, [replacement(document, seen)]);
    if (!result.done) return null;
    keep(document, result.etags[0]);
    return { result: undefined };
  };

  return {
    read: async () => stateOf((await read())?.document ?? null),
    save: (state, fence) => untilNotOvertaken<void>(SHAPE, () => trySave(state, fence)),
    stamp: async (epoch) => {
      const seen = await read();
      const document = upkeepDocument(stateOf(seen?.document ?? null), epoch);
      return {
        operation: replacement(document, seen),
        written: (etag) => keep(document, etag),
      };
    },
  };
}

function upkeepDocument({ refreshed_at, sweep }: UpkeepState, epoch: number): UpkeepDocument {
  return { id: UPKEEP_ID, scope: SCOPE, kind: 'upkeep', refreshed_at, sweep, epoch };
}

function stateOf(document: UpkeepDocument | null): UpkeepState {
  return { refreshed_at: document?.refreshed_at ?? null, sweep: document?.sweep ?? null };
}
