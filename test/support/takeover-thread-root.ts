import { collect } from '../../jobs/collect.js';
import { runInThread } from '../../jobs/job-thread.js';
import { obedientStore } from './takeover-order.js';

/** The job thread of the takeovers: the real one, over a store that obeys orders. */
const { TEST_ORDERS = '' } = process.env;

await runInThread((context) =>
  collect(context, (store) =>
    obedientStore(store, TEST_ORDERS, context.config.subreddits, context.run.id),
  ),
);
