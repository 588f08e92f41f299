import type { AddressInfo } from 'node:net';
import { buildSimulator } from '../../src/simulator/server.js';
import { sourceOf } from '../support/reddit.js';
import { worldSource } from '../support/world-source.js';
import { sourceSuite } from './source-suite.js';

sourceSuite({
  name: 'client of the simulator',
  open: async (t, world, clock) => {
    const rateLimit = { requests: 1_000_000, windowMs: 600_000 };
    const app = buildSimulator({ world, clock, tokenTtlMs: 1_000 * 3_600_000, rateLimit });
    await app.listen({ host: '127.0.0.1', port: 0 });
    t.teardown(() => app.close());
    return sourceOf(t, `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`);
  },
});

sourceSuite({
  name: 'straight from a world',
  open: (_t, world, clock) => worldSource(world, { clock }),
});
