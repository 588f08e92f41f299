import { DAY_MS } from '../../src/domain/window.js';
import { cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { testAccounts } from '../support/cosmos-store.js';
import { temporaryStore } from '../support/store.js';
import { moveBlankingsSuite } from './move-blankings-suite.js';
import { moveGuardSuite } from './move-guard-suite.js';
import { RETENTION_DAYS } from './move-scene.js';
import { moveSuite } from './move-suite.js';
import type { Implementation } from './under-test.js';

const accounts = testAccounts();

const sqlite: Implementation = {
  name: 'sqlite',
  open: async (t, clock) => {
    const { store } = await temporaryStore(t, { clock });
    return { store, reader: store };
  },
};

const cosmos: Implementation = {
  name: 'cosmos',
  idsBySubreddit: true,
  open: async (t, clock) => {
    const account = await (await accounts.open(t)).connect();
    const store = cosmosStore({ account, clock, retentionMs: RETENTION_DAYS * DAY_MS });
    return { store, reader: store };
  },
};

for (const from of [sqlite, cosmos]) {
  for (const to of [sqlite, cosmos]) {
    moveSuite(from, to);
    moveGuardSuite(from, to);
    moveBlankingsSuite(from, to);
  }
}
