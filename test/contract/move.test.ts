import { temporaryStore } from '../support/store.js';
import { moveSuite } from './move-suite.js';
import type { Implementation } from './under-test.js';

const sqlite: Implementation = {
  name: 'sqlite',
  open: async (t, clock) => {
    const { store } = await temporaryStore(t, { clock });
    return { store, reader: store };
  },
};

moveSuite(sqlite, sqlite);
