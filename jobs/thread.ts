import { backup } from './backup.js';
import { collect } from './collect.js';
import { runInThread } from './job-thread.js';
import { prune } from './prune.js';
import { vacuum } from './vacuum.js';

const JOBS = { collect, prune, vacuum, backup };

await runInThread((context) => JOBS[context.run.job](context));
