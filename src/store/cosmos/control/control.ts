import type { Clock } from '../../../clock.js';
import type { ImportStore } from '../../import-store.js';
import type { KeepStore } from '../../keep-store.js';
import type { CollectStore, ReadStore, RunnerStore } from '../../store.js';
import type { UpkeepStore } from '../../upkeep-store.js';
import type { Account } from '../account.js';
import type { WriteDeps } from '../write/change.js';
import { cosmosCycles } from './cycles.js';
import { readGaps, settleGap } from './gaps.js';
import { cosmosHealth } from './health.js';
import type { Leases } from './lease.js';
import { cosmosNotes } from './notes.js';
import { cosmosOmissions } from './omissions.js';
import { cosmosPause } from './pause.js';
import { pageOfCycles } from './records.js';
import { cosmosRunner } from './runner.js';
import { cosmosUpkeepNotes } from './upkeep-state.js';
import type { Versions } from './versions.js';

/** What the API needs of it. */
export type ControlReads = Pick<
  ReadStore,
  'cycles' | 'gaps' | 'healthFacts' | 'requestCycle' | 'pause' | 'resume'
>;

/** Also what collecting, upkeep, imports and daily jobs need. */
export type Control = ControlReads &
  RunnerStore &
  Pick<
    CollectStore,
    'beginCycle' | 'renewLease' | 'updateCycle' | 'finishCycle' | 'rateBudget' | 'saveRateBudget'
  > &
  Pick<UpkeepStore, 'settleGap' | 'upkeepState' | 'saveUpkeepState' | 'noteAnswers' | 'omissions'> &
  Pick<ImportStore, 'importProgress' | 'saveImport'> &
  Pick<KeepStore, 'pauseState' | 'jobSuccess' | 'noteJobSuccess'>;

export function cosmosControlReads(deps: { account: Account; clock: Clock }): ControlReads {
  const { account } = deps;
  const runner = cosmosRunner(deps);
  const pause = cosmosPause(deps);
  return {
    requestCycle: (cycleId) => runner.requestCycle(cycleId),
    pause: (reason) => pause.pause(reason),
    resume: () => pause.resume(),
    cycles: (query) => pageOfCycles(account.control, query),
    gaps: (query) => readGaps(account, query),
    healthFacts: cosmosHealth(deps),
  };
}

/**
 * @param deps `versions` and `lease` are those by which `changePartition` writes as well: what one of
 *   them knows of the end of a lease holds for all of a store
 */
export function cosmosControl(
  deps: Omit<WriteDeps, 'versions' | 'lease'> & { versions: Versions; lease: Leases },
): Control {
  const upkeep = cosmosUpkeepNotes(deps);
  return {
    ...cosmosControlReads(deps),
    ...cosmosRunner(deps),
    ...cosmosPause(deps),
    ...cosmosNotes(deps),
    ...cosmosCycles({ ...deps, leases: deps.lease, upkeep }),
    ...cosmosOmissions(deps),
    settleGap: (settling) => settleGap(deps, settling),
    upkeepState: () => upkeep.read(),
    saveUpkeepState: (state, fence) => upkeep.save(state, fence),
  };
}
