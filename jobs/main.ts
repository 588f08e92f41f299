import { fileURLToPath } from 'node:url';
import { runProcess } from '../src/process.js';
import { startJobs } from './start.js';

const threadFile = fileURLToPath(new URL('./thread.js', import.meta.url));

await runProcess('jobs', (context) => startJobs(context, threadFile));
