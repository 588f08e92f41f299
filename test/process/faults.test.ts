import { readFileSync } from 'node:fs';
import test from 'ava';
import { ROWS } from '../support/fault-table.js';
import { readRoutes } from '../support/reads.js';
import { startSystem } from '../support/system.js';
import { runSystemFaults, SHORT } from '../support/system-faults.js';

/** The rest of the table, and twenty cycles of silence, are in `npm run test:stability`. */
const SOME = ['silent all', 'unauthorized token', 'rate_limited token'];

test('the whole system under faults: reads go on, cycles end, the next one is complete', async (t) => {
  const system = await startSystem(t, { subreddits: ['claude', 'aws'], env: SHORT });
  const rows = ROWS.filter(({ kind, scope }) => SOME.includes(`${kind} ${scope}`));
  t.is(rows.length, SOME.length);
  const { failures, reads } = await runSystemFaults(
    system,
    rows.map((row) => ({ row, cycles: 1 })),
    (line) => t.log(line),
  );
  t.deepEqual(failures, []);
  for (const [name, count] of Object.entries(reads.counts)) t.true(count > 50, name);
  t.deepEqual(await system.end(), { api: 0, jobs: 0, simulator: 0 });
});

test('every read route of the README is asked', (t) => {
  const named = [...readFileSync('README.md', 'utf8').matchAll(/^\| `GET (\/[^`]*)` \|/gm)];
  const asked = readRoutes('abc', 2).map(({ name }) => name);
  t.deepEqual(named.map(([, path]) => path).sort(), asked.sort());
});
