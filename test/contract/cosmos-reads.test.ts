import { readBed } from '../support/cosmos-reads.js';
import { listSuite } from './list-suite.js';
import { propertySuite } from './property-suite.js';
import { readSuite } from './read-suite.js';
import { trendingSuite } from './trending-suite.js';
import type { Implementation } from './under-test.js';

const cosmos: Implementation = {
  name: 'cosmos',
  idsBySubreddit: true,
  open: async (t, clock) => {
    const bed = await readBed(t, clock);
    return { store: bed.store(), reader: bed.reader() };
  },
};

readSuite(cosmos);
listSuite(cosmos);
propertySuite(cosmos);
trendingSuite(cosmos);
