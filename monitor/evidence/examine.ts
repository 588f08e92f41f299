import type { Clock } from '../../src/clock.js';
import { holderName } from '../../src/holder.js';
import type { Log } from '../../src/log.js';
import type { ActOptions } from '../act.js';
import { collectEvidence } from './evidence.js';
import { named } from '../observe/listed.js';
import { processMemory } from '../rules/state.js';

export interface ExamineOptions {
  /** MONITOR_STATE_DIR. */
  folder: string;
  clock: Clock;
  log: Log;
}

/** What is looked up before a restart, by what was decided and seen. */
export function examiner(options: ExamineOptions): ActOptions['examine'] {
  return ({ process, incident, hangs }, observation, state) => {
    const online = named(process, observation).filter((one) => one.status === 'online');
    const free = observation.host.disks.map(({ freeMb }) => freeMb);
    return collectEvidence({
      ...options,
      ...{ incident, process, hung: hangs },
      targets: online.map(({ pid }) => ({ pid, holder: holderName(pid) })),
      series: processMemory(state, process).memory,
      freeMb: free.length === 0 ? null : Math.min(...free),
    });
  };
}
