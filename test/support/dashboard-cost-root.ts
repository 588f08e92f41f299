import { dashboardCost } from './cosmos-cost-dashboard.js';

/** Answers what `dashboardCost` does of so many items, from a process with memory of its own. */
const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
try {
  const cost = await dashboardCost(t, Number(process.argv[2]));
  process.stdout.write(`${JSON.stringify(cost)}\n`);
} finally {
  for (const release of releases.reverse()) await release();
}
