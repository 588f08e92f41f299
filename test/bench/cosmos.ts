import { costedCycles } from '../support/cosmos-cost-cycles.js';
const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
try {
  const { bench, cycle } = await costedCycles(t, {});
  for (let n = 0; n < 8; n += 1) {
    const began = performance.now();
    const c = await cycle();
    console.log(JSON.stringify(c), Math.round(performance.now() - began));
    await bench.pass(30 * 60_000 - c.seconds * 1000);
  }
  const slow = await costedCycles(t, { shared: 400 });
  const began = performance.now();
  console.log(JSON.stringify(await slow.cycle()), Math.round(performance.now() - began));
  console.log(JSON.stringify(slow.bed.standIn.journal.totals()));
} finally {
  for (const release of releases.reverse()) await release();
}
