import test from 'ava';
import Database from 'better-sqlite3';
import { newCycle } from '../../src/domain/cycle.js';
import { AppError } from '../../src/errors.js';
import { cycleBench } from '../support/cycle-bench.js';
import { commentRow, HOUR, MINUTE, two, type Wrap, youngComment } from '../support/upkeep.js';

test.serial('the walk asks for what is stored also while the listing of it fails', async (t) => {
  const bench = await cycleBench(t, two);
  await bench.cycle();
  await bench.pass(30 * MINUTE);
  const seen = new Set<string>();
  const wrap: Wrap = (source) => ({
    ...source,
    listing: async (query, signal) =>
      query.subreddit === 'aws'
        ? Promise.reject(new AppError('reddit_unavailable', 'answered 503'))
        : source.listing(query, signal),
    async info(names, signal) {
      const page = await source.info(names, signal);
      for (const { subreddit } of [...page.posts, ...page.comments]) seen.add(subreddit);
      return page;
    },
  });
  const { status } = await bench.cycle({ wrap });
  t.is(status, 'partial');
  t.true(seen.has('aws'), 'passed over, it would wait for the next walk');
});

test.serial('a walk that has time for one request in each cycle gets on', async (t) => {
  const bench = await cycleBench(t, two);
  await bench.cycle();
  await bench.pass(40 * HOUR);
  await bench.cycle();
  const asked = async () => (await bench.store.upkeepState()).sweep?.place?.id ?? null;
  const slow: Wrap = (source) => ({
    ...source,
    async info(names, signal) {
      await bench.clock.sleep(5 * MINUTE, signal);
      if (signal.aborted) throw new AppError('cancelled', 'cancelled');
      return source.info(names, signal);
    },
  });
  await bench.store.saveUpkeepState(
    {
      refreshed_at: new Date(bench.clock.now() + HOUR).toISOString(),
      sweep: {
        began_at: new Date(bench.clock.now() - 40 * HOUR).toISOString(),
        asked: 0,
        place: null,
      },
    },
    (
      (await bench.store.beginCycle({
        cycle: newCycle('x', new Date(bench.clock.now()).toISOString(), 'manual', 1),
        holder: 'test:1:0:0',
        leaseMs: 1000,
        holderIsDead: () => false,
      })) as { fence: { epoch: number } }
    ).fence,
  );
  await bench.cycle({ wrap: slow });
  t.not(await asked(), null);
});

test.serial('one item that Reddit stumbles over keeps no other from being asked for', async (t) => {
  const bench = await cycleBench(t, two);
  await bench.cycle();
  await bench.pass(30 * MINUTE);
  const poison = `t1_${youngComment(bench, 45 * MINUTE)}`;
  const seen = new Set<string>();
  const wrap: Wrap = (source) => ({
    ...source,
    async info(names, signal) {
      if (names.includes(poison)) throw new AppError('reddit_unavailable', 'answered 500');
      for (const name of names) seen.add(name);
      return source.info(names, signal);
    },
  });
  const { upkeep, errors } = await bench.cycle({ wrap });
  t.deepEqual(errors, []);
  t.is(upkeep?.refresh.left, 0);
  t.true(seen.size > 100 && !seen.has(poison), `${seen.size}`);
  t.true(((await bench.store.upkeepState()).sweep?.asked ?? 0) > 0);
});

test.serial(
  'a thread that always fails keeps no other from being read, nor a gap open for ever',
  async (t) => {
    const bench = await cycleBench(t, two);
    await bench.cycle();
    await bench.pass(30 * MINUTE);
    const hidden = new Set<string>();
    const read = new Set<string>();
    const since = (bench.clock.now() - 30 * MINUTE) / 1000;
    let poison: string | null = null;
    const wrap: Wrap = (source) => ({
      ...source,
      async listing(query, signal) {
        const page = await source.listing(query, signal);
        for (const { id, created_utc } of page.comments) {
          if (created_utc > since && read.size === 0 && poison === null) hidden.add(id);
        }
        return { ...page, comments: page.comments.filter(({ id }) => !hidden.has(id)) };
      },
      async thread(id, signal) {
        poison ??= id;
        if (id === poison) throw new AppError('reddit_unavailable', 'answered 500');
        read.add(id);
        return source.thread(id, signal);
      },
    });
    const { errors, upkeep } = await bench.cycle({ wrap });
    t.deepEqual(
      errors.map(({ message }) => message),
      ['repair: answered 500'],
    );
    t.true((upkeep?.repair.threads ?? 0) > 0 && read.size > 0, 'the others');

    const at = (ago: number) => new Date(bench.clock.now() - ago).toISOString();
    const db = new Database(bench.databasePath);
    db.prepare(
      `INSERT INTO gaps (subreddit, kind, from_utc, to_utc, status, found_at, missing)
       VALUES ('claude', 'comment', ?, ?, 'open', ?, 1)`,
    ).run(at(HOUR), at(0), at(49 * HOUR));
    db.close();
    await bench.cycle({
      wrap: (source) => ({
        ...wrap(source),
        thread: async () => Promise.reject(new AppError('reddit_unavailable', 'answered 500')),
      }),
    });
    t.deepEqual(await bench.store.gaps({ limit: 9, status: 'open' }), []);
  },
);

test.serial('a page of HTML in the place of a thread calls nothing out of reach', async (t) => {
  const bench = await cycleBench(t, two);
  const asked: string[] = [];
  const bad: Wrap = (source) => ({
    ...source,
    async thread(id) {
      asked.push(id);
      const details = { row: 'html' };
      return Promise.reject(new AppError('reddit_bad_answer', 'HTML', { details }));
    },
  });
  await bench.cycle({ wrap: bad });
  t.true(asked.length > 0, 'some thread is short');
  const [first] = asked;
  await bench.cycle({ wrap: bad });
  t.true(asked.lastIndexOf(first ?? '') > 0, 'it is asked for again');
});

test.serial('what is not watched any more is erased as quickly as everything else', async (t) => {
  const bench = await cycleBench(t, two);
  await bench.cycle();
  await bench.pass(30 * MINUTE);
  const id = youngComment(bench, 45 * MINUTE);
  bench.config.subreddits = ['claude'];
  const askedIn = new Set<number>();
  let cycle = 0;
  const leaveOut: Wrap = (source) => ({
    ...source,
    async info(names, signal) {
      if (names.includes(`t1_${id}`)) askedIn.add(cycle);
      const page = await source.info(names, signal);
      return { ...page, comments: page.comments.filter((one) => one.id !== id) };
    },
  });
  for (; commentRow(bench, id).excluded === null && cycle < 20; cycle += 1) {
    await bench.cycle({ wrap: leaveOut });
    await bench.pass(30 * MINUTE);
  }
  const [first = 0, ...rest] = askedIn;
  t.deepEqual(
    rest,
    rest.map((_, n) => first + n + 1),
    'once left out, it is asked for in each cycle',
  );
  t.true(rest.length > 0);
  t.like(commentRow(bench, id), { author: '[deleted]', excluded: 'deleted' });
});
