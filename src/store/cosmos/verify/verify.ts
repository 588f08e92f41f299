import { AppError } from '../../../errors.js';
import type { Store, VerifyDifference, VerifyReport } from '../../store.js';
import type { Container } from '../account.js';
import type { WriteDeps } from '../write/change.js';
import { type Compared, compareHead, compareStretch } from './partition.js';
import { repairPlace } from './repair.js';
import { stretches } from './stretch.js';

/**
 * Compares, subreddit by subreddit, everything that is derived with the items that it is derived from:
 * lines, rollups, titles, the marks by which hours are found, and the number of items. Others may
 * write meanwhile.
 */
export function cosmosVerify(deps: WriteDeps): Store['verify'] {
  return async ({ repair, onProgress = () => undefined, signal }) => {
    const onStretch = (items: number) => {
      onProgress(items);
      if (signal?.aborted) throw new AppError('cancelled', `Interrupted after ${items} items`);
    };
    const report: VerifyReport = {
      ...{ items: 0, rollups: 0, differences: [], stale_terms: 0, repaired: false },
    };
    for (const partition of await partitions(deps.account.items)) {
      const compared = { items: deps.account.items, clock: deps.clock, partition };
      report.differences.push(...(await comparePartition(compared, report, onStretch)));
    }
    if (!repair || report.differences.length === 0) return report;
    await repairAll(deps, report.differences, signal);
    return { ...report, repaired: true };
  };
}

/** Each by itself; readers are told of those that were begun, whatever ends it. */
async function repairAll(
  deps: WriteDeps,
  differences: readonly VerifyDifference[],
  signal: AbortSignal | undefined,
): Promise<void> {
  let begun = 0;
  try {
    for (const difference of differences) {
      if (signal?.aborted) {
        const message = `Interrupted after ${begun} of ${differences.length} repairs`;
        throw new AppError('cancelled', message);
      }
      begun += 1;
      await repairPlace(deps, difference);
    }
  } finally {
    if (begun > 0) await deps.versions.bump();
  }
}

async function comparePartition(
  compared: Compared,
  total: VerifyReport,
  onStretch: (items: number) => void,
): Promise<VerifyDifference[]> {
  const differences: VerifyDifference[] = [];
  for await (const stretch of stretches(compared.items, compared.partition)) {
    const found = await compareStretch(compared, stretch);
    total.items += found.items;
    total.rollups += found.rollups;
    differences.push(...found.differences);
    onStretch(total.items);
  }
  const ofHead = await compareHead(compared);
  return ofHead === null ? differences : [...differences, ofHead];
}

/** Of which a head tells, as for readers and writers there are no others. */
async function partitions(items: Container): Promise<string[]> {
  const found = await items.query<string>('verify', {
    text: `SELECT VALUE c.subreddit FROM c WHERE c.kind = 'head'`,
    parameters: {},
    partition: null,
  });
  return found.sort();
}
