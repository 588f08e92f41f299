import { Worker } from 'node:worker_threads';
import { runProcess } from '../../src/process.js';

/** A process with a thread in a call of SQLite's that never returns, as a long VACUUM seems to. */
const ENDLESS = `
const Database = require('better-sqlite3');
const statement = new Database(':memory:').prepare(
  'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
);
require('node:worker_threads').parentPort.postMessage('busy');
statement.get();`;

await runProcess('jobs', async () => {
  const worker = new Worker(ENDLESS, { eval: true });
  await new Promise((resolve) => worker.once('message', resolve));
  return {
    async close() {
      await worker.terminate();
    },
  };
});
