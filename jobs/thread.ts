import { collect } from './collect.js';
import { runInThread } from './job-thread.js';

await runInThread(collect);
