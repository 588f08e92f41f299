import test from 'ava';
import { cycleBench } from '../support/cycle-bench.js';

/** Ten requests a minute, told in X-Ratelimit headers. */
const TEN_A_MINUTE = { requests: 10, windowMs: 60_000 };

test.serial('ten requests a minute: none is sent beyond it and nothing is lost', async (t) => {
  const bench = await cycleBench(t, {
    simulation: { rateLimit: TEN_A_MINUTE, subreddits: ['claude', 'aws', 'OpenAI', 'Cursor'] },
  });
  const cycle = await bench.cycle();
  t.is(cycle.status, 'succeeded');
  t.deepEqual(bench.missing(), []);
  t.log(
    cycle.subreddits.map((s) => s.requests),
    cycle.duration_ms,
    bench.clock.sleeping,
  );
  await bench.pass(1_800_000);
  const next = await bench.cycle();
  t.is(next.status, 'succeeded');
  t.deepEqual(bench.missing(), []);
  t.log(
    next.subreddits.map((s) => s.requests),
    next.duration_ms,
    bench.clock.sleeping,
  );
});
