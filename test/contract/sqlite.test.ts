import { temporaryReadStore, temporaryStore } from '../support/store.js';
import { forgettingSuite } from './keep-suite.js';
import { listSuite } from './list-suite.js';
import { readSuite } from './read-suite.js';
import { storeSuite } from './store-suite.js';
import { trendingExamples, trendingSuite } from './trending-suite.js';
import type { Implementation } from './under-test.js';

const direct: Implementation = {
  name: 'sqlite',
  open: async (t, clock) => {
    const { store } = await temporaryStore(t, { clock });
    return { store, reader: store };
  },
};

const throughThread: Implementation = {
  name: 'sqlite through its thread',
  open: async (t, clock) => {
    const { store, config } = await temporaryStore(t, { clock });
    return { store, reader: await temporaryReadStore(t, config, clock) };
  },
};

storeSuite(direct);
forgettingSuite(direct);
readSuite(throughThread);
listSuite(throughThread);
trendingSuite(direct);
trendingExamples(throughThread);
