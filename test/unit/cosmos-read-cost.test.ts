import test, { type ExecutionContext } from 'ava';
import { DAY_MS, HOUR_MS, isoTime } from '../../src/domain/window.js';
import type { JsonObject } from '../../src/cosmos-account/values.js';
import { packCounts } from '../../src/store/cosmos/documents/counts.js';
import { dayId, hourId, titlesId } from '../../src/store/cosmos/documents/documents.js';
import { itemDocument } from '../../src/store/cosmos/documents/items.js';
import { countLines, type Line, lineOf, packLine } from '../../src/store/cosmos/documents/lines.js';
import { createRollupMemory } from '../../src/rollups/memory.js';
import { ManualClock } from '../support/clock.js';
import { type ReadBed, readBed, watchedAccount } from '../support/cosmos-reads.js';
import { aComment, aPost } from '../support/items.js';
import { beginTestCycle } from '../support/store.js';

const NOW = Date.parse('2026-01-15T12:30:00.000Z');
const SUBREDDITS = 20;
const DAYS = 3;
const PERIOD_MS = 6 * HOUR_MS;

/** What so many items an hour in each of 20 subreddits leave behind in three days, without most of the items. */
function* documents(perHour: number): Generator<JsonObject> {
  for (let n = 0; n < SUBREDDITS; n += 1) {
    const name = `subreddit${n}`;
    const common = { subreddit: name, name, ttl: -1, seq: 1 };
    yield {
      ...{ ...common, id: '_head', kind: 'head', epoch: 0, token: 'x', items: 1000, imported: 1 },
      ...{ stamp: isoTime(NOW), state: 'active', last_success_at: isoTime(NOW) },
      watermarks: { post: null, comment: null },
    };
    for (let dayMs = NOW - (NOW % DAY_MS) - DAYS * DAY_MS; dayMs < NOW; dayMs += DAY_MS) {
      const hours: JsonObject = {};
      for (let ms = dayMs; ms < Math.min(NOW, dayMs + DAY_MS); ms += HOUR_MS) {
        const hour = isoTime(ms);
        const lines = linesOf(name, ms, perHour);
        const packed = packCounts(countLines(lines));
        if (packed !== null) hours[hour.slice(11, 13)] = packed;
        const id = hourId(hour);
        yield { ...common, id, kind: 'hour', hour, lines: lines.map(packLine) };
        if (ms % PERIOD_MS === 0) {
          const posts = lines.slice(0, 3).map((each) => [each.id, ms, 0, 1, 1, `Title ${each.id}`]);
          yield { ...common, id: titlesId(hour), kind: 'titles', from: hour, posts };
        }
      }
      const day = isoTime(dayMs).slice(0, 10);
      yield { ...common, id: dayId(isoTime(dayMs)), kind: 'day', day, hours };
    }
    for (let post = 0; post < 15; post += 1) {
      const item = aPost({ id: `${name}p${post}`, subreddit: name, content: 'x'.repeat(600) });
      const collected_at = isoTime(NOW - HOUR_MS * post - n);
      yield itemDocument(item, { collected_at, updated_at: collected_at, ttl: -1 }) as never;
    }
  }
}

function linesOf(name: string, ms: number, perHour: number): Line[] {
  return Array.from({ length: perHour }, (_, n) => {
    const created_utc = isoTime(ms + Math.floor((n * HOUR_MS) / perHour));
    const item = aComment({ id: `${name.slice(9)}a${(ms / HOUR_MS) * 100 + n}`, created_utc });
    const thread = { unreachable: 0, read_at: null, stored: 0 };
    return lineOf(item, { collected_at: created_utc, keep: false, thread });
  });
}

async function filled(t: ExecutionContext, perHour: number) {
  const clock = new ManualClock(NOW);
  const bed = await readBed(t, clock);
  bed.standIn.load('test', 'items', documents(perHour));
  const shapes: string[] = [];
  const account = watchedAccount(bed.connect(), ({ shape }) => void shapes.push(shape));
  const reader = bed.reader({ account, pollEveryMs: 900 });
  const memory = createRollupMemory({ store: reader, clock, firstHours: 24 });
  for (let n = 0; n < 20 && !memory.isComplete(); n += 1) {
    await memory.revision();
    await clock.advance(600);
  }
  t.true(memory.isComplete());
  return { bed, clock, reader, memory, shapes };
}

const costOf = async (bed: ReadBed, work: () => Promise<unknown>): Promise<number> => {
  bed.standIn.journal.reset();
  await work();
  return bed.standIn.journal.totals().charge;
};

for (const perHour of [1, 27]) {
  test.serial(`a dashboard of ${perHour * SUBREDDITS} items an hour costs little`, async (t) => {
    const { bed, clock, reader, memory, shapes } = await filled(t, perHour);
    const refresh = async () => {
      const toMs = Math.floor(clock.now() / 60_000) * 60_000;
      const [before, from, to] = [2, 1, 0].map((n) => toMs - n * DAY_MS) as [
        number,
        number,
        number,
      ];
      await memory.revision();
      await memory.count(
        [
          { fromMs: from, toMs: to },
          { fromMs: before, toMs: from },
        ],
        undefined,
      );
      await memory.count([{ fromMs: from, toMs: to }], undefined);
      const times = [before, from, to].map(isoTime) as [string, string, string];
      await reader.recentPosts({ since: times[1], limit: 51 });
      await reader.subreddits(times[2]);
      await reader.trending({
        ...{ window: { from: times[1], to: times[2] }, names: [], limit: 20 },
        baseline: { from: times[0], to: times[1] },
      });
    };
    const first = await costOf(bed, refresh);
    const again = await costOf(bed, refresh);
    t.is(again, 0, 'answered from memory');
    await clock.advance(60_000);
    const minute = await costOf(bed, refresh);
    t.true(minute <= 8, `${minute} RU in a new minute, the heads being looked at now and then`);
    shapes.length = 0;
    for (let ms = 0; ms < HOUR_MS; ms += 30_000) {
      await clock.advance(30_000);
      await memory.revision();
    }
    const loads = () => shapes.filter((shape) => shape === 'load').length;
    t.is(loads(), 1, 'the hours that come to the edges, before they are asked for');
    shapes.length = 0;
    const hour = await costOf(bed, refresh);
    t.true(hour <= 1, `${hour} RU in a new hour`);
    t.is(loads(), 0);
    const store = bed.store();
    const fence = await beginTestCycle(store, clock);
    await clock.advance(1000);
    await refresh();
    const post = aPost({ subreddit: 'subreddit3', created_utc: isoTime(clock.now() - 60_000) });
    await store.commit({ fence, subreddit: 'subreddit3', posts: [post], comments: [] });
    await clock.advance(1000);
    const batch = await costOf(bed, refresh);
    t.true(batch <= 15, `${batch} RU after a batch, following it included`);
    t.log(
      `request units: ${batch} after a batch, ${first} first, ${minute} in a new minute, ${hour} in a new hour`,
    );
  });
}

test.serial('following a store that stands still costs a read a second', async (t) => {
  const { bed, clock, memory } = await filled(t, 1);
  const cost = await costOf(bed, async () => {
    for (let ms = 0; ms < 60_000; ms += 250) {
      await clock.advance(250);
      await memory.revision();
    }
  });
  t.log(`${cost} RU a minute`);
  t.true(cost <= 90);
});
