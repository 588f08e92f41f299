import { systemClock } from '../../src/clock.js';
import type { Cycle } from '../../src/domain/cycle.js';
import { faultsOfStore, itemsOf, oddRecords } from '../support/cosmos-cycles.js';
import { common, type Ids, missing } from '../support/stored-ids.js';
import {
  askFor,
  awaited,
  begunBy,
  LEASE_SECONDS,
  MACHINES,
  type Runner,
  type Shown,
  shownBy,
  type TwoByTwo,
  twoByTwo,
} from '../support/two-by-two.js';

/**
 * Two real API processes and two real runners, on two machines as far as they can tell, on one account:
 * a cycle that is asked for is collected by one of them, both APIs show what it left within two seconds
 * of its end, and when the one that collects is killed, the other takes over (`npm run test:stability`).
 */
const SHOWN_WITHIN_MS = 2000;
const CYCLE_MS = 60_000;
/** Far beyond the test: cycles only when they are asked for. */
const NEVER_SECONDS = 86_400;
const INTERVAL_SECONDS = 3;
/** The lease runs out, a slot comes, and a busy machine loads a thread. */
const FOLLOWS_WITHIN_MS = (LEASE_SECONDS + INTERVAL_SECONDS) * 1000 + 10_000;
/** After a cycle: what they show at the end of it is what it left. */
const WATCHED_MS = 4000;
const LOOK_EVERY_MS = 50;
const ASKED_ROUNDS = 5;
/** Where in its cycle the one that collects is killed. */
const PLACES = ['in a request to Reddit', 'before a batch', 'after a batch'] as const;
type Place = (typeof PLACES)[number];

const print = (line: string) => process.stdout.write(`${line}\n`);
const releases: (() => unknown)[] = [];
const t = { teardown: (release: () => unknown) => void releases.push(release) };
const rounds: boolean[] = [];

try {
  const bench = await twoByTwo(t);
  const asked = MACHINES.map((machine) => bench.start(machine, NEVER_SECONDS));
  await conclude('at their start', () => atStart(bench, asked));
  for (let n = 0; n < ASKED_ROUNDS; n += 1) {
    await conclude(`asked through API ${n % 2}`, () => askedRound(bench, asked, n));
  }
  await conclude('the runners end', () => end(asked));
  const own = MACHINES.map((machine) => bench.start(machine, INTERVAL_SECONDS));
  for (const place of PLACES) {
    await conclude(`killed ${place}`, () => killedRound(bench, own, place));
  }
  await conclude('in the end', () => inTheEnd(bench, own));
} finally {
  for (const release of releases.reverse()) await release();
}
const clean = rounds.filter(Boolean).length;
print(`${clean} of ${rounds.length} rounds clean`);
process.exitCode = clean === rounds.length ? 0 : 1;

/** What a round came to, and whatever was not as it must be. */
type RoundEnd = { came: string; failures: string[] };

async function conclude(name: string, run: () => Promise<RoundEnd>): Promise<void> {
  const { came, failures } = await run().catch((error: unknown) => ({
    came: 'broke off',
    failures: [String(error)],
  }));
  print(`${name}: ${came}`);
  for (const failure of failures) print(`  FAILED ${failure}`);
  rounds.push(failures.length === 0);
}

/** Both begin with a cycle of their own: one collects, the other finds that it was collected. */
async function atStart({ store }: TwoByTwo, runners: Runner[]): Promise<RoundEnd> {
  await Promise.all(
    runners.map((runner) =>
      awaited('its first run ends', () => lineOf(runner, 'job end') ?? null, CYCLE_MS),
    ),
  );
  const ends = runners.map((runner) => String(lineOf(runner, 'job end')?.status));
  const cycles = await store.cycles({ limit: 10 });
  const failures: string[] = [];
  const states = cycles.map(({ status }) => status);
  if (states.some((status) => status !== 'succeeded')) failures.push(`cycles ${states.join()}`);
  const begun = runners.flatMap(begunBy);
  if (begun.length !== cycles.length)
    failures.push(`${begun.length} begun, ${cycles.length} on record`);
  return { came: `their runs ${ends.join(' and ')}, ${cycles.length} cycles on record`, failures };
}

function lineOf({ lines }: Runner, text: string): Runner['lines'][number] | undefined {
  return lines.find(({ msg }) => msg === text);
}

/** Asked through one API, collected by one runner, shown by both. */
async function askedRound(bench: TwoByTwo, runners: Runner[], n: number): Promise<RoundEnd> {
  bench.reddit.pass(5 * 60_000);
  const id = await askFor(bench.apis[n % 2]?.base ?? '');
  const watching = watchBoth(bench, id);
  const lines = () => runners.flatMap((runner) => runner.lines);
  const ended = await awaited(
    'the cycle ends',
    () => lines().find((line) => line.msg === 'cycle end' && line.cycle === id),
    CYCLE_MS,
  ).finally(() => watching.end());
  const looks = await watching.looks;
  const { cycle, atMs } = shownSince(looks, id);
  const failures: string[] = [];
  // Its end is what the runner wrote into the record, before it wrote the record.
  const ms = atMs - Date.parse(cycle.finished_at ?? '');
  if (ms > SHOWN_WITHIN_MS) failures.push(`both showed it after ${ms} ms`);
  const apartMs = apart(looks);
  if (apartMs > SHOWN_WITHIN_MS) failures.push(`one showed items ${apartMs} ms after the other`);
  if (cycle.status !== 'succeeded') failures.push(`the cycle ${cycle.status}`);
  if (ended.posts_new === 0 && ended.comments_new === 0) failures.push('it found nothing new');
  const collectors = runners.filter((runner) => begunBy(runner).includes(id));
  if (collectors.length !== 1) failures.push(`${collectors.length} runners collected`);
  const by = collectors.map(({ machine }) => machine).join();
  const came = `collected by ${by}, both showed it ${ms} ms after its end, and items meanwhile ${apartMs} ms apart`;
  return { came, failures };
}

/** What both APIs showed at one moment. */
interface Look {
  atMs: number;
  shown: Shown[];
}

/** Looks at both all the time, until some seconds after its end is called. */
function watchBoth({ apis }: TwoByTwo, id: string): { end(): void; looks: Promise<Look[]> } {
  let until = Number.POSITIVE_INFINITY;
  const watch = async (): Promise<Look[]> => {
    const looks: Look[] = [];
    while (systemClock.now() < until) {
      const shown = await Promise.all(apis.map(({ base }) => shownBy(base, id)));
      looks.push({ atMs: systemClock.now(), shown });
      await systemClock.sleep(LOOK_EVERY_MS);
    }
    return looks;
  };
  const looks = watch();
  looks.catch(() => undefined); // whoever waits for them handles it
  return {
    end() {
      until = systemClock.now() + WATCHED_MS;
    },
    looks,
  };
}

/** Since when both have shown the cycle and what it left, which is what they show in the end. */
function shownSince(looks: readonly Look[], id: string): { cycle: Cycle; atMs: number } {
  const last = looks.at(-1)?.shown[0];
  if (last === undefined || last.cycle === null) throw new Error(`${id} is not shown as ended`);
  const isLast = ({ cycle, figures, stale }: Shown) =>
    cycle !== null && !stale && figures === last.figures;
  const since = looks[looks.findLastIndex(({ shown }) => !shown.every(isLast)) + 1];
  if (since === undefined) throw new Error('in the end the APIs showed different figures');
  return { cycle: last.cycle, atMs: since.atMs };
}

/** The longest time for which one API had items that the other did not show yet. */
function apart(looks: readonly Look[]): number {
  const items = (look: number, api: number) => looks[look]?.shown[api]?.items ?? 0;
  let longestMs = 0;
  for (const [leader, follower] of [
    [0, 1],
    [1, 0],
  ] as const) {
    for (const [first, { atMs }] of looks.entries()) {
      let at = first;
      // What the leader shows may become less meanwhile: items that are erased count no longer.
      let least = items(at, leader);
      while (at < looks.length && items(at, follower) < least) {
        at += 1;
        least = Math.min(least, items(at, leader));
      }
      longestMs = Math.max(longestMs, (looks[at]?.atMs ?? Number.POSITIVE_INFINITY) - atMs);
    }
  }
  return longestMs;
}

/** Who collects is killed; the other's next cycle must follow in time and be whole. */
async function killedRound(bench: TwoByTwo, runners: Runner[], place: Place): Promise<RoundEnd> {
  const struck = await strike(bench, runners, place);
  const began = performance.now();
  const mine = begunBy(struck).at(-1) ?? '';
  const other = runners.find((runner) => runner !== struck) as Runner;
  const known = begunBy(other).length;
  await struck.exit;
  const next = await awaited('the other begins', () => begunBy(other)[known], CYCLE_MS);
  const followedMs = Math.round(performance.now() - began);
  const failures: string[] = [];
  if (followedMs > FOLLOWS_WITHIN_MS) failures.push(`the other began after ${followedMs} ms`);
  const record = async (id: string) =>
    (await bench.store.cycles({ limit: 50 })).find((cycle) => cycle.id === id);
  const followed = await awaited(
    'its cycle ends',
    async () => {
      const cycle = await record(next);
      return cycle === undefined || cycle.status === 'running' ? null : cycle;
    },
    CYCLE_MS,
  );
  if (followed.status !== 'succeeded') failures.push(`the cycle that followed ${followed.status}`);
  const closed = await record(mine);
  if (closed?.status !== 'failed') failures.push(`the cycle of the dead is ${closed?.status}`);
  failures.push(...(await faultsOfStore(bench.store)));
  runners[runners.indexOf(struck)] = bench.start(struck.machine, INTERVAL_SECONDS);
  return { came: `${struck.machine} died, the other began ${followedMs} ms later`, failures };
}

/** Kills the runner that holds the lease at a certain place of its cycle. */
async function strike(bench: TwoByTwo, runners: Runner[], place: Place): Promise<Runner> {
  const { reddit, account } = bench;
  const begun = new Set(runners.flatMap(begunBy));
  const collector = () => runners.find((runner) => begunBy(runner).some((id) => !begun.has(id)));
  if (place === 'in a request to Reddit') {
    reddit.faults.add({ kind: 'silent', route: 'comments', count: 1 });
    await awaited('a request waits', () => reddit.faults.held() > 0 || null, CYCLE_MS);
    return kill(await awaited('somebody collects', collector, CYCLE_MS), () =>
      reddit.faults.clear(),
    );
  }
  reddit.pass(5 * 60_000);
  // Who collects has begun when a batch of items comes.
  const struck = await awaited('somebody collects', collector, CYCLE_MS);
  const phase = place === 'before a batch' ? 'before' : 'after';
  const hold = account.holds.add({ phase, operation: 'batch', container: 'items' });
  const held = await account.holds.arrived(hold, CYCLE_MS);
  if (held === null) throw new Error('no batch came');
  const now = collector() ?? struck;
  return kill(now, () => account.holds.releaseAll());
}

async function kill(runner: Runner, letGo: () => void): Promise<Runner> {
  runner.child.kill('SIGKILL');
  await runner.exit;
  letGo();
  return runner;
}

async function end(runners: Runner[]): Promise<RoundEnd> {
  for (const { child } of runners) child.kill('SIGTERM');
  const codes = await Promise.all(runners.map(({ exit }) => exit));
  const failures = codes.filter((code) => code !== 0).map((code) => `a runner ended with ${code}`);
  return { came: `they ended with ${codes.join(' and ')}`, failures };
}

/** Everything that was listed is stored, once, and both APIs show it. */
async function inTheEnd(bench: TwoByTwo, runners: Runner[]): Promise<RoundEnd> {
  const { reddit, store } = bench;
  const listed = reddit.listed();
  const known = new Set((await store.cycles({ limit: 50 })).map(({ id }) => id));
  const last = await awaited(
    'a last cycle',
    async () =>
      (await store.cycles({ limit: 50 })).find(
        ({ id, status }) => !known.has(id) && status === 'succeeded',
      ),
    CYCLE_MS,
  );
  const { failures } = await end(runners);
  const stored = await idsOf(bench);
  const lost = missing(common(listed, reddit.listed()), stored);
  if (lost.length > 0)
    failures.push(`${lost.length} items are not stored: ${lost.slice(0, 5).join()}`);
  const count = stored.posts.length + stored.comments.length;
  const distinct = new Set([
    ...stored.posts.map((id) => `p${id}`),
    ...stored.comments.map((id) => `c${id}`),
  ]);
  if (distinct.size !== count) failures.push(`${count - distinct.size} items are doubled`);
  failures.push(...(await faultsOfStore(store)), ...(await oddRecords(store)));
  const watching = watchBoth(bench, last.id);
  watching.end();
  shownSince(await watching.looks, last.id);
  for (const { process: api } of bench.apis) {
    api.child.kill('SIGTERM');
    const { code } = await api.exited;
    if (code !== 0) failures.push(`an API ended with ${code}`);
  }
  return { came: `${count} items are stored, nothing is lost`, failures };
}

async function idsOf({ store }: TwoByTwo): Promise<Ids> {
  const ids: Ids = { posts: [], comments: [] };
  for (const text of await itemsOf(store)) {
    const { item } = JSON.parse(text) as { item: { id: string; kind?: string; post_id?: string } };
    (item.post_id === undefined ? ids.posts : ids.comments).push(item.id);
  }
  return ids;
}
