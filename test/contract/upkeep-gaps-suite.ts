import type { Gap, GapStatus } from '../../src/domain/cycle.js';
import { define, type Implementation, NOW } from './under-test.js';

/** Gaps that are found, counted and settled. */
export function gapsSuite(implementation: Implementation): void {
  define(implementation, 'a gap is settled once, or stays open', async (t, scene) => {
    const { store, fence, reader, clock } = scene;
    const gap = (kind: Gap['kind'], hour: number): Gap => ({
      ...{ kind, from: `2026-01-15T0${hour}:00:00.000Z`, to: NOW, missing: null },
    });
    const complete = {
      ...{ watermarks: { post: null, comment: null }, state: 'active' as const },
      gaps: [gap('comment', 5), gap('post', 4), gap('post', 3)],
    };
    await store.commit({ fence, subreddit: 'claude', posts: [], comments: [], complete });
    const openNow = () => reader.gaps({ limit: 9, status: 'open' });
    const open = (await openNow()).reverse();
    t.deepEqual(
      open.map(({ from, status }) => [from.slice(11, 13), status]),
      [
        ['05', 'open'],
        ['03', 'open'],
        ['04', 'open'],
      ],
    );
    const [first, second, third] = open;
    if (!first || !second || !third) throw new Error('three gaps');
    const before = (await reader.ping()).data_version;
    await clock.advance(60_000);
    const settle = (which: typeof first, status: GapStatus, missing: number | null) =>
      store.settleGap({ fence, gap: which, status, missing });
    await settle(first, 'lost', 12);
    await settle(second, 'closed', 0);
    await settle(third, 'open', 3);
    t.is((await reader.ping()).data_version, before + 3);
    const at = '2026-01-15T12:01:00.000Z';
    t.deepEqual(await openNow(), [{ ...third, missing: 3 }]);
    t.deepEqual(await reader.gaps({ limit: 9, status: 'lost' }), [
      { ...first, status: 'lost', missing: 12, settled_at: at },
    ]);
    t.like(await reader.gaps({ limit: 9, status: 'closed' }), [{ missing: 0, settled_at: at }]);
    t.is((await reader.healthFacts(NOW)).gaps_open, 1);
    await store.commit({ fence, subreddit: 'claude', posts: [], comments: [], complete });
    t.is((await openNow()).length, 1, 'found again, a settled gap stays so');
    await settle({ ...first, subreddit: 'aws' }, 'closed', 0);
    await store.abandon('test-host:1:0:0', 'gone');
    await t.throwsAsync(settle(third, 'lost', 1), { code: 'lease_lost' });
    t.is((await openNow()).length, 1);
  });
}
