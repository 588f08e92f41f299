import test from 'ava';
import { collectHostile } from '../support/hostile-run.js';
import { HAS_RECORDINGS } from '../support/recorded.js';

const title =
  '100,000 mutated recorded objects: each is stored well-formed, or skipped with a reason';
const recorded = HAS_RECORDINGS ? test : test.skip;
recorded(title, async (t) => {
  t.timeout(600_000);
  await collectHostile(t, 1_00000);
});
