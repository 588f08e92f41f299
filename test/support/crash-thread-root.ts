import { collect } from '../../jobs/collect.js';
import { runInThread } from '../../jobs/job-thread.js';
import { dyingStore } from './crash-point.js';

/** The job thread of the crash table: the real one, over a store that signals its process. */
const { TEST_CRASH_POINT = '', TEST_CRASH_JOURNAL = '/dev/null' } = process.env;
const signal = (process.env.TEST_CRASH_SIGNAL ?? 'SIGKILL') as NodeJS.Signals;

await runInThread((context) =>
  collect(context, (store) => dyingStore(store, TEST_CRASH_POINT, TEST_CRASH_JOURNAL, signal)),
);
