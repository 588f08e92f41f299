import test from 'ava';
import { DAY_MS } from '../../src/domain/window.js';
import { cosmosReader, cosmosStore } from '../../src/store/cosmos/cosmos-store.js';
import { namedAccounts } from '../support/cosmos-named.js';
import { listSuite } from './list-suite.js';
import { readSuite } from './read-suite.js';
import { storeSuite } from './store-suite.js';
import { trendingExamples, trendingSuite } from './trending-suite.js';
import type { Implementation } from './under-test.js';

const accounts = namedAccounts();
test.after.always(() => accounts.close());

/** The suites' oldest items are of the year 2000. */
const HISTORY_MS = 50 * 365 * DAY_MS;

const direct: Implementation = {
  name: 'cosmos',
  idsBySubreddit: true,
  stores: 8,
  open: async (t, clock) => {
    const account = await (await accounts.open(t)).connect();
    const store = cosmosStore({ account, clock, retentionMs: HISTORY_MS });
    return { store, reader: store };
  },
};

/** The clock of the suites stands still, so what another process reads has to be asked for each time. */
const fromElsewhere: Implementation = {
  name: 'cosmos from another process',
  idsBySubreddit: true,
  stores: 8,
  open: async (t, clock) => {
    const database = await accounts.open(t);
    const [own, other] = [await database.connect(), await database.connect()];
    const deps = { clock, retentionMs: HISTORY_MS };
    return {
      store: cosmosStore({ ...deps, account: own }),
      reader: cosmosReader({ ...deps, account: other, pollEveryMs: 0 }),
    };
  },
};

storeSuite(direct);
readSuite(fromElsewhere);
listSuite(fromElsewhere);
trendingSuite(direct);
trendingExamples(fromElsewhere);
