import test from 'ava';
import { type GeneratedWorldOptions, generatedWorld } from '../../src/simulator/generated.js';
import { weatherOver, CALM, type Weather } from '../../src/simulator/weather.js';
import type { Truth, World } from '../../src/simulator/world.js';

const START = Date.parse('2026-01-15T12:00:00.000Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NEWEST = { subreddit: 'aws', kind: 'comment', after: null, limit: 100 } as const;

const under = (weather: Partial<Weather>, options: Partial<GeneratedWorldOptions> = {}) =>
  generatedWorld({
    ...{ seed: 7, startMs: START, subreddits: ['aws'], historyHours: 2, weather },
    ...{ postsPerHour: 20, commentsPerHour: 200, forgetAfterHours: Infinity, ...options },
  });

const all = ({ posts, comments }: Truth) => [...posts, ...comments];
const page = (world: World, limit = 100) =>
  world.listing({ ...NEWEST, limit })?.children.map(({ data }) => data) ?? [];

test('what is late is nowhere until its time, and then where it belongs', (t) => {
  const world = under({ late: 0.1 });
  world.advanceTo(START + HOUR);
  const hidden = all(world.truth()).filter(({ visibleMs }) => visibleMs > START + HOUR);
  t.true(hidden.length > 0);
  const delays = all(world.truth()).map(
    ({ visibleMs, data }) => visibleMs - Number(data.created_utc) * 1000,
  );
  t.true(Math.max(...delays) > 10 * MINUTE && Math.max(...delays) <= 15 * MINUTE + 1000);
  t.true(delays.filter((ms) => ms >= MINUTE).length > 30);
  t.deepEqual(world.info(hidden.map(({ data }) => data.name)), []);
  const comment = hidden.find(({ data }) => data.name.startsWith('t1_'));
  t.false(page(world).some(({ name }) => name === comment?.data.name));
  const thread = () => JSON.stringify(world.thread(String(comment?.data.link_id).slice(3)));
  t.false(thread().includes(`"name":"${comment?.data.name}"`));
  world.advanceTo(START + HOUR + 15 * MINUTE);
  t.true(page(world).some(({ name }) => name === comment?.data.name));
  t.is(world.info(hidden.map(({ data }) => data.name)).length, hidden.length);
});

test('neighbours are out of order, all are there, and the order stays', (t) => {
  const calm = under({});
  const world = under({ disorder: 0.1 });
  const names = page(world).map(({ name }) => name);
  const ordered = page(calm).map(({ name }) => name);
  t.notDeepEqual(names, ordered);
  for (const [at, name] of names.entries()) {
    const should = ordered.indexOf(name);
    if (should !== -1) t.true(Math.abs(should - at) <= 6, name);
  }
  const paged: string[] = [];
  for (let after: string | null = null; ; ) {
    const part: ReturnType<World['listing']> = world.listing({ ...NEWEST, after, limit: 7 });
    paged.push(...(part?.children ?? []).map(({ data }) => data.name));
    after = part?.after ?? null;
    if (after === null) break;
  }
  t.deepEqual(paged.slice(0, 100), names);
  t.is(new Set(paged).size, world.truth().comments.filter(({ listed }) => listed).length);
});

test('a stale page lacks the newest and shows texts as they were', (t) => {
  const world = under({ stale: 1 }, { commentsPerHour: 2000 });
  const fresh = under({}, { commentsPerHour: 2000 });
  let older = 0;
  let undone = 0;
  for (let ms = START; ms < START + HOUR; ms += MINUTE) {
    for (const one of [world, fresh]) one.advanceTo(ms);
    const newest = Number(page(world)[0]?.created_utc) * 1000;
    t.true(newest > ms - 2 * MINUTE - 10_000);
    if (newest < ms - 20_000) older += 1;
    const now = new Map(page(fresh).map((data) => [data.name, data]));
    undone += page(world).filter(
      ({ name, edited }) => now.has(name) && now.get(name)?.edited !== edited,
    ).length;
  }
  t.true(older > 20, `${older}`);
  t.true(undone > 0, `${undone}`);
  t.deepEqual(all(world.truth()), all(fresh.truth()));
});

test('short pages say where to go on', (t) => {
  const world = under({ short: 0.5 });
  const sizes: number[] = [];
  const names: string[] = [];
  for (let after: string | null = null; ; ) {
    const part: ReturnType<World['listing']> = world.listing({ ...NEWEST, after });
    sizes.push(part?.children.length ?? 0);
    names.push(...(part?.children ?? []).map(({ data }) => data.name));
    after = part?.after ?? null;
    if (after === null) break;
  }
  t.true(sizes.some((size) => size >= 5 && size <= 20));
  t.is(Math.max(...sizes), 100);
  t.deepEqual(new Set(names), new Set(page(under({}, {}), 1000).map(({ name }) => name)));
});

test('anchors are deleted as soon as they were served', (t) => {
  const world = under({ lostAnchors: 1 });
  const before = world.listing(NEWEST);
  const served = before?.children.map(({ data }) => data) ?? [];
  t.true(served.every(({ author }) => author !== '[deleted]'));
  const anchor = before?.after ?? '';
  t.is(anchor, served.at(-1)?.name ?? '');
  for (const name of [anchor, served[0]?.name ?? '']) {
    const info = world.info([name])[0]?.data;
    if (info?.stickied !== true) t.is(info?.body, '[deleted]');
  }
  t.deepEqual(world.listing({ ...NEWEST, after: anchor })?.children, []);
});

test('a subreddit is private for hours, its life goes on, and it comes back', (t) => {
  const world = under({ closures: 0.5 });
  let hours = 0;
  let times = 0;
  for (let ms = START; ms < START + 30 * 24 * HOUR; ms += HOUR) {
    const closed = weatherOver(7, { ...CALM, closures: 0.5 }).closed('AWS', ms);
    if (closed === null) continue;
    hours += 1;
    if (weatherOver(7, { ...CALM, closures: 0.5 }).closed('aws', ms - HOUR) === null) times += 1;
  }
  t.true(times > 5 && times < 25, `${times} times`);
  t.true(hours >= 2 * times && hours <= 9 * times, `${hours} hours`);
  let ms = START;
  while (world.closed('aws') === null) world.advanceTo((ms += HOUR));
  const before = world.truth();
  t.deepEqual(world.info(before.comments.slice(0, 9).map(({ data }) => data.name)), []);
  t.deepEqual(world.served(), { posts: 0, comments: 0 });
  while (world.closed('aws') !== null) world.advanceTo((ms += HOUR));
  t.true(world.truth().comments.length > before.comments.length);
  t.is(world.closed('nothere'), null);
});

test('one answer leaves an item out, the next does not', (t) => {
  const world = under({ omissions: 0.2 });
  const names = world.truth().comments.map(({ data }) => data.name);
  const given = () => new Set(world.info(names).map(({ data }) => data.name));
  const first = given();
  t.true(first.size < names.length && first.size > 0.6 * names.length);
  world.advanceTo(START + 1000);
  const second = given();
  t.true(names.filter((name) => !first.has(name) && !second.has(name)).length < names.length / 10);
  t.true(world.truth().comments.every(({ goneMs }) => goneMs === null || goneMs <= START));
});

test('old items are edited and deleted too, and the truth says since when', (t) => {
  const world = under({ lateChanges: 0.02 });
  const early = new Set(all(world.truth()).map(({ data }) => data.name));
  world.advanceTo(START + 48 * HOUR);
  const old = all(world.truth()).filter(({ data }) => early.has(data.name));
  const late = START + 24 * HOUR;
  t.true(old.some(({ goneMs, data }) => (goneMs ?? 0) > late && data.author === '[deleted]'));
  t.true(old.some(({ data }) => Number(data.edited) * 1000 > late));
  for (const { goneMs, data } of all(world.truth())) {
    t.is(goneMs === null, data.author !== '[deleted]', data.name);
  }
});

test('a mark stands at the end of each text that is still there', (t) => {
  const world = under({}, { markOf: (fullname) => `mark of ${fullname}` });
  world.advanceTo(START + HOUR);
  for (const { data, goneMs } of world.truth().comments) {
    t.is(String(data.body).endsWith(`\n\nmark of ${data.name}`), goneMs === null, data.name);
  }
});
