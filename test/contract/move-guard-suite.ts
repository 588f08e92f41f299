import test from 'ava';
import { newCycle } from '../../src/domain/cycle.js';
import { AppError } from '../../src/errors.js';
import { aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';
import { blanking, cycleOf, fill, moving, opened, UNFINISHED } from './move-scene.js';
import { type Implementation, NOW } from './under-test.js';

const HOUR_MS = 3_600_000;
const refusal = /collected into since/;

/** What a move refuses, and what keeps others from a store in which not everything has arrived. */
export function moveGuardSuite(from: Implementation, to: Implementation): void {
  const title = (what: string) => `${from.name} to ${to.name}: ${what}`;

  test.serial(title('a store that was collected into since is left as it is'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await moving(source, target);
    await target.clock.advance(HOUR_MS);
    const fence = await beginTestCycle(target.store, target.clock, { id: 'cycle-2' });
    t.is(await blanking(target.store, 'c1')(fence), 1);
    await t.throwsAsync(moving(source, target), { code: 'invalid_request', message: refusal });
    t.is((await target.store.omissions(9)).length, 0);
    t.deepEqual((await moving(target, source)).differences, []);
  });

  test.serial(title('both were collected into since: what was erased stays erased'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await source.store.resume();
    await moving(source, target);
    await target.clock.advance(HOUR_MS);
    await cycleOf(target, 'cycle-2', blanking(target.store, 'c1', 'c3'));
    await target.clock.advance(HOUR_MS);
    await cycleOf(target, 'cycle-3');
    await source.clock.advance(5 * HOUR_MS);
    await cycleOf(source, 'cycle-4');
    await t.throwsAsync(moving(source, target), {
      code: 'invalid_request',
      message:
        /collected into since: 2 of its cycles are not in the other, the newest began at 2026-01-15T14:00:00.000Z/,
    });
    const texts = (await target.reader.comments({ postId: 'p1', limit: 9 }))?.comments;
    t.is(texts?.find(({ id }) => id === 'c1')?.author, '[deleted]');
    t.is(await target.store.pauseState(), null, 'a refusal changes nothing');
    await t.throwsAsync(moving(target, source), {
      message: /: 1 of its cycles is not in the other, the newest began at 2026-01-15T17:01/,
    });
  });

  test.serial(title('a cycle of the target is found among hundreds'), async (t) => {
    const [source, target] = await opened(t, from, to);
    const cycles = Array.from({ length: 250 }, (_, n) => ({
      ...newCycle(`cycle-${n}`, new Date(Date.parse(NOW) - n * HOUR_MS).toISOString(), 'manual', 1),
      status: 'succeeded' as const,
    }));
    await source.store.putCycles(cycles);
    await moving(source, target);
    t.is((await target.reader.cycles({ limit: 999 })).length, 250);
    const own = newCycle(
      'own',
      new Date(Date.parse(NOW) - 247.5 * HOUR_MS).toISOString(),
      'manual',
      1,
    );
    await target.store.putCycles([{ ...own, status: 'failed' }]);
    await t.throwsAsync(moving(source, target), { message: refusal });
  });

  test.serial(
    title('a cycle whose collector was killed is known to the other as failed'),
    async (t) => {
      const [source, target] = await opened(t, from, to);
      await fill(source.store, source.clock);
      await source.clock.advance(HOUR_MS);
      await beginTestCycle(source.store, source.clock, { id: 'killed' });
      await source.clock.advance(HOUR_MS);
      await moving(source, target);
      const [carried] = await target.reader.cycles({ limit: 1 });
      t.like(carried, { id: 'killed', status: 'failed' });
      t.is(carried?.errors.at(-1)?.code, 'cancelled');
      await target.clock.advance(3 * HOUR_MS);
      await cycleOf(target, 'cycle-3');
      t.deepEqual((await moving(target, source)).differences, []);
    },
  );

  test.serial(title('cycles whose records have expired in the source say nothing'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await moving(source, target);
    await source.clock.advance(2 * HOUR_MS);
    await cycleOf(source, 'cycle-2');
    await source.store.expireRecords({ before: '2026-01-15T12:30:00.000Z', limit: 9 });
    t.deepEqual(
      (await source.reader.cycles({ limit: 9 })).map(({ id }) => id),
      ['cycle-2'],
    );
    t.is((await target.reader.cycles({ limit: 9 })).length, 1);
    await moving(source, target);
    t.is((await target.reader.cycles({ limit: 9 })).length, 2);
  });

  test.serial(title('any cycle of the target is too many where there is none'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await cycleOf(target, 'cycle-1');
    await t.throwsAsync(moving(source, target), { message: refusal });
  });

  test.serial(title('a store in which not everything has arrived is paused'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const own = await source.store.pauseState();
    await target.store.pause('somebody said so');
    for (const expected of [own, null]) {
      const stop = new AbortController();
      const interrupted = moving(source, target, { onProgress: () => stop.abort() }, stop);
      await t.throwsAsync(interrupted, { code: 'cancelled' });
      t.like(await target.store.pauseState(), { since: NOW, reason: UNFINISHED });
      t.is((await target.reader.healthFacts(NOW)).paused?.reason, UNFINISHED);
      t.deepEqual((await moving(source, target)).differences, []);
      t.deepEqual(await target.store.pauseState(), expected);
      await source.store.resume();
    }
  });

  test.serial(title('the pause is there before anything else is put'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const put = target.store.putSubreddit.bind(target.store);
    const seen: (string | undefined)[] = [];
    target.store.putSubreddit = async (subreddit) => {
      seen.push((await target.store.pauseState())?.reason);
      await put(subreddit);
    };
    await moving(source, target);
    t.deepEqual(seen, [UNFINISHED, UNFINISHED]);
  });

  test.serial(title('with differences it stays paused'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    const posts = [aPost({ id: 'strange' })];
    const strange = { subreddit: 'claude', posts, comments: [], keepHistory: false };
    await target.store.importItems(strange);
    t.not((await moving(source, target)).differences.length, 0);
    t.is((await target.store.pauseState())?.reason, UNFINISHED);
  });

  test.serial(title('nobody moves from a store in which not everything has arrived'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await source.store.resume();
    await source.store.pause(UNFINISHED);
    const error = await t.throwsAsync(moving(source, target), { code: 'invalid_request' });
    t.regex((error as AppError).cure ?? '', /repeat the move into it/);
    t.deepEqual(await target.store.heldSubreddits(), []);
    t.is(await target.store.pauseState(), null);
  });

  test.serial(title('somebody who is at work in the end is told of'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    let subreddits = 0;
    const refuseAtWork = async () => {
      subreddits = (await target.store.heldSubreddits()).length;
      throw new AppError('collection_paused', 'Somebody is at work');
    };
    await t.throwsAsync(moving(source, target, { refuseAtWork }), { message: /at work/ });
    t.is(subreddits, 2, 'it is asked for when everything is there');
    t.is((await target.store.pauseState())?.reason, UNFINISHED);
  });
}
