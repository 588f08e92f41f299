import { fileURLToPath } from 'node:url';
import { startJobs } from '../../jobs/start.js';
import { runProcess } from '../../src/process.js';

/** The real `jobs` process, whose threads do wrong. */
const threadFile = fileURLToPath(new URL('./threads/rogue-root.js', import.meta.url));

await runProcess('jobs', (context) => startJobs(context, threadFile));
