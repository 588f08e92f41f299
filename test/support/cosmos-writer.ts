import { cosmosLeases } from '../../src/store/cosmos/control/lease.js';
import { cosmosVersions } from '../../src/store/cosmos/control/versions.js';
import { LEASE_ID, SCOPE } from '../../src/store/cosmos/control/documents.js';
import { createWriterMemory } from '../../src/store/cosmos/write/cache.js';
import type { WriteDeps } from '../../src/store/cosmos/write/change.js';
import { DAY_MS } from '../../src/domain/window.js';
import { ManualClock } from './clock.js';
import { type FakeAccount, fakeAccount } from './fake-account.js';

export const WRITER_FENCE = { epoch: 7 };

export interface TestWriter extends WriteDeps {
  account: FakeAccount;
  clock: ManualClock;
}

/** One that holds the lease of `WRITER_FENCE`, over an account in memory. */
export async function testWriter(account: FakeAccount = fakeAccount()): Promise<TestWriter> {
  const lease = { id: LEASE_ID, scope: SCOPE, kind: 'lease', epoch: 7, closed: [] };
  const held = { holder: 'test-host:1:0:0', cycle_id: 'cycle-7', expires_at: null };
  await account.control.batch('set-up', SCOPE, [
    { kind: 'upsert', document: { ...lease, ...held } },
  ]);
  return {
    account,
    clock: new ManualClock('2026-01-15T12:00:00.000Z'),
    versions: cosmosVersions({ account }),
    lease: cosmosLeases({ account }),
    retentionMs: 90 * DAY_MS,
    memory: createWriterMemory(),
  };
}
