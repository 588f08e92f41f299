import test from 'ava';
import { aPost } from '../support/items.js';
import { at, fill, moving, opened, shown } from './move-scene.js';
import type { Implementation } from './under-test.js';

/** Everything that one store holds arrives in another, whichever kinds the two are of. */
export function moveSuite(from: Implementation, to: Implementation): void {
  const title = (what: string) => `${from.name} to ${to.name}: ${what}`;

  test.serial(title('everything arrives as it was'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const report = await moving(source, target);
    t.deepEqual(report.differences, []);
    t.like(report, { items: 10, put: 10, cycles: 1, hours_left_out: 0 });
    t.deepEqual(await shown(target), await shown(source));
    t.deepEqual(await target.store.heldSubreddits(), await source.store.heldSubreddits());
    t.deepEqual(await target.store.heldRecords(), await source.store.heldRecords());
    for (const { store } of [source, target]) {
      t.deepEqual((await store.verify({ repair: false })).differences, []);
    }
  });

  test.serial(title('a move that is repeated puts nothing again'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const stop = new AbortController();
    const interrupted = moving(source, target, { onProgress: () => stop.abort() }, stop);
    await t.throwsAsync(interrupted, { code: 'cancelled' });
    const rest = await moving(source, target);
    t.true(rest.put > 0 && rest.put < 10, `${rest.put} were put after the interruption`);
    t.deepEqual(rest.differences, []);
    t.like(await moving(source, target), { put: 0, items: 10, differences: [] });
    t.deepEqual(await shown(target), await shown(source));
  });

  test.serial(title('what is exempt from retention stays so'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await moving(source, target);
    const place = { subreddit: 'aws', hour: at('09:00') };
    t.deepEqual(await target.store.expireItems(place), { posts: 0, comments: 0 });
    t.not(await target.reader.post('kept'), null);
  });

  test.serial(title('a store that holds other things is told'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const strange = aPost({ id: 'strange' });
    await target.store.importItems({
      ...{ subreddit: 'claude', posts: [strange], comments: [], keepHistory: false },
    });
    const { differences } = await moving(source, target);
    t.regex(differences.join('\n'), /10 items in the one, 11 in the other/);
    t.regex(differences.join('\n'), /rollup of 2026-01-15T11:00:00.000Z claude/);
  });

  test.serial(title('what is past retention may differ'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const old = (id: string) => aPost({ id, created_utc: '2025-10-17T10:10:00.000Z' });
    const oldOnes = { subreddit: 'claude', comments: [], keepHistory: false };
    await source.store.importItems({ ...oldOnes, posts: [old('old')] });
    await source.store.importItems({ ...oldOnes, posts: [old('exempt')], keepHistory: true });
    await target.store.importItems({ ...oldOnes, posts: [old('pruned-there')] });
    const report = await moving(source, target);
    t.deepEqual(report.differences, []);
    t.like(report, { items: 11, compared_since: '2025-10-17T12:00:00.000Z' });
    t.true(report.hours_left_out > 0 || from.name === 'cosmos');
    await target.store.importItems({ ...oldOnes, posts: [old('other')], keepHistory: true });
    t.deepEqual((await moving(source, target)).differences, [
      '11 items in the one, 12 in the other',
    ]);
  });
}
