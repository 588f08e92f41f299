import { fileURLToPath } from 'node:url';
import { createThreads } from '../../jobs/bree.js';
import { planJobs } from '../../jobs/schedule.js';
import { loadSettings, readEnvironment } from '../../src/config.js';
import { silentLog } from './log.js';

/**
 * The daily jobs that its arguments name, one after the other, in their real threads: what the
 * runner does at its times of day. Prints each outcome as a line of JSON.
 */
const threadFile = fileURLToPath(new URL('../../jobs/thread.js', import.meta.url));
const settings = loadSettings(readEnvironment());
const jobs = planJobs(settings.config);
const threads = createThreads(jobs, threadFile, settings, silentLog);

for (const name of process.argv.slice(2)) {
  const job = jobs.find((known) => known.name === name);
  if (job === undefined) throw new Error(`no job ${name}`);
  const run = { id: name, job: job.name, trigger: 'schedule' as const, holder: `daily:${name}` };
  process.stdout.write(`${JSON.stringify({ job: name, ...(await threads.run(job, run)) })}\n`);
}
