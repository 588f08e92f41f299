import test from 'ava';
import { blanking, cycleOf, fill, moving, type Opened, opened } from './move-scene.js';
import { FAR_AHEAD, type Implementation } from './under-test.js';

/** The audit record is carried like the rest, and expires like it. */
export function moveBlankingsSuite(from: Implementation, to: Implementation): void {
  const title = (what: string) => `${from.name} to ${to.name}: ${what}`;
  const recordOf = async ({ store }: Opened) =>
    (await store.heldRecords()).blankings.map(
      ({ cycle_id, reason, kind, items }) => `${cycle_id}: ${items} ${reason} ${kind}`,
    );

  test.serial(title('the audit record is the same however often it is carried'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await cycleOf(source, 'cycle-2', blanking(source.store, 'c1', 'c3'));
    const first = ['cycle-2: 2 omitted comment'];
    t.deepEqual(await recordOf(source), first);
    for (const [one, other] of [
      [source, target],
      [target, source],
      [source, target],
    ] as const) {
      await moving(one, other);
      t.deepEqual(await recordOf(other), first);
    }
    await target.clock.advance(3_600_000);
    await cycleOf(target, 'cycle-3', blanking(target.store, 'c4'));
    const both = [...first, 'cycle-3: 1 omitted comment'];
    for (const [one, other] of [
      [target, source],
      [source, target],
      [target, source],
    ] as const) {
      await moving(one, other);
      t.deepEqual(await recordOf(other), both);
    }
    const { blankings } = await target.store.heldRecords();
    await moving(source, target);
    t.deepEqual((await target.store.heldRecords()).blankings, blankings);
  });

  test.serial(title('an audit record that was carried expires, and leaves nothing'), async (t) => {
    const [source, target] = await opened(t, from, to);
    await fill(source.store, source.clock);
    await cycleOf(source, 'cycle-2', blanking(source.store, 'c1'));
    await moving(source, target);
    const names = async () => (await target.reader.subreddits(FAR_AHEAD)).map(({ name }) => name);
    const known = await names();
    const { blankings } = await target.store.heldRecords();
    const before = blankings[0]?.at ?? '';
    await target.store.expireRecords({ before, limit: 9 });
    t.deepEqual((await target.store.heldRecords()).blankings, blankings, 'not older');
    await target.store.expireRecords({ before: FAR_AHEAD, limit: 9 });
    t.deepEqual((await target.store.heldRecords()).blankings, []);
    t.deepEqual(await names(), known);
    const held = await target.store.heldSubreddits();
    t.deepEqual(
      held.map(({ name }) => name),
      ['aws', 'Claude'],
    );
  });
}
