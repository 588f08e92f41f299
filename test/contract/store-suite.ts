import { commitSuite } from './commit-suite.js';
import { cycleSuite } from './cycle-suite.js';
import { importSuite } from './import-suite.js';
import { keepSuite } from './keep-suite.js';
import { listSuite } from './list-suite.js';
import { mergeSuite } from './merge-suite.js';
import { pagesProperty } from './pages-property.js';
import { propertySuite } from './property-suite.js';
import { readSuite } from './read-suite.js';
import { upkeepSuite } from './upkeep-suite.js';
import type { Implementation } from './under-test.js';

/** Every sentence of src/store/store.ts and src/store/upkeep-store.ts, for any implementation of it. */
export function storeSuite(implementation: Implementation): void {
  commitSuite(implementation);
  mergeSuite(implementation);
  cycleSuite(implementation);
  upkeepSuite(implementation);
  importSuite(implementation);
  readSuite(implementation);
  listSuite(implementation);
  keepSuite(implementation);
  propertySuite(implementation);
  pagesProperty(implementation);
}
