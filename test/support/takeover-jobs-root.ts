import { fileURLToPath } from 'node:url';
import { startJobs } from '../../jobs/start.js';
import { runProcess } from '../../src/process.js';

/** The `jobs` process of the takeovers: the real one, with the other thread. */
const threadFile = fileURLToPath(new URL('./takeover-thread-root.js', import.meta.url));

await runProcess('jobs', (context) => startJobs(context, threadFile));
