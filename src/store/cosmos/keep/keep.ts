import { AppError } from '../../../errors.js';
import type { KeepStore } from '../../keep-store.js';
import type { WriteDeps } from '../write/change.js';
import { expireItems } from './expire-items.js';
import { expireRecords } from './expire-records.js';
import { expireTexts } from './expire-texts.js';
import { nextHour } from './next-hour.js';

type Keep = Pick<
  KeepStore,
  'nextHour' | 'expireItems' | 'expireTexts' | 'expireRecords' | 'compact' | 'emptyLog' | 'copyTo'
>;

/**
 * What the daily jobs let go of. Azure keeps the copies, and sees to its own files: neither is planned
 * for this store (jobs/schedule.ts).
 */
export function cosmosKeep(deps: WriteDeps): Keep {
  return {
    nextHour: (query) => nextHour(deps.account.items, query),
    expireItems: (place) => expireItems(deps, place),
    expireTexts: (texts) => expireTexts(deps, texts),
    expireRecords: (expiry) => expireRecords(deps, expiry),
    compact: async () => {
      throw new AppError('internal', 'An Azure Cosmos DB database has no file here to compact');
    },
    emptyLog: async () => true,
    copyTo: async () => {
      throw new AppError('backup_failed', 'Azure keeps the backups of an Azure Cosmos DB account', {
        cure: 'restore from there: the account in the Azure portal, Point In Time Restore or Backup & Restore',
      });
    },
  };
}
