import { type Random, randomFrom } from '../../../src/simulator/random.js';
import { type Account, createAccount } from './account.js';
import { collector, importer, retention, type Surroundings } from './actors.js';
import { createClient, type Steps } from './calls.js';
import { CONTROL, countsText, headOf, rollupsOf } from './documents.js';
import { createJudge, type Invariant, Violation } from './judge.js';
import { createReader, type Reader } from './reader.js';
import type { Rules } from './rules.js';
import { type Actor, play, type Scene, stateText } from './scheduler.js';
import { FAIR, weatherOf } from './weather.js';
import { createWorld, firstDay, SUBREDDITS, type World } from './world.js';

export interface Options {
  /** Told each step. */
  note?: (line: string) => void;
  /** Invariants that are not promised. */
  forgives?: readonly Invariant[];
}

export interface Outcome {
  seed: number;
  steps: number;
  violation?: Violation;
}

const COLLECTORS = 2;
const READERS = 2;
const CYCLES = 2;
const ROUNDS = 12;
const RETENTION_ROUNDS = 2;

/**
 * Plays the schedule of this seed: collectors that take the lease from each other, an import, a
 * retention job and readers, of which each call is a step, in an order and with faults that the
 * seed alone decides. Then nothing goes wrong any more, a last cycle and an import run, and all
 * that is served has to be there.
 *
 * Left out is what no promise rests on: clocks and the lease's expiry (a living holder may be taken for gone at
 * any time), cycles' records, request charges, and the sizes of batches. What it cannot show is
 * that the code follows the protocol, and that the service is as `account.ts` has it.
 */
export function runSchedule(
  seed: number,
  rules: Rules,
  { note, forgives = [] }: Options = {},
): Outcome {
  const random = randomFrom(seed);
  const world = createWorld(random);
  const judge = createJudge(world, forgives);
  const scene: Scene = {
    ...{ account: createAccount(), world, judge, random, rules },
    ...{ weather: weatherOf(random), actors: [], late: [], step: 0, killed: 0, ending: false },
    // Texts are made only where somebody reads them.
    note: note === undefined ? () => undefined : (line) => note(`${scene.step} ${line()}`),
  };
  const cast = castOf(scene);
  try {
    cast.begin();
    play(scene);
    scene.ending = true;
    scene.weather = FAIR;
    cast.end();
    judgeEnd(scene.account, world, cast.readers());
    return { seed, steps: scene.step };
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    scene.note(() => `VIOLATION ${error.invariant}: ${error.message}`);
    for (const partition of [CONTROL, ...SUBREDDITS]) {
      scene.note(() => stateText(partition, scene.account.now(partition).state));
    }
    return { seed, steps: scene.step, violation: error };
  }
}

/** The steps of a schedule, to read what went wrong in it. */
export function traceOf(seed: number, rules: Rules, options: Options = {}): string[] {
  const lines: string[] = [];
  runSchedule(seed, rules, { ...options, note: (line) => void lines.push(line) });
  return lines;
}

interface Cast {
  begin(): void;
  end(): void;
  readers(): Reader[];
}

function castOf(scene: Scene): Cast {
  const { world, judge, random, rules } = scene;
  const around: Surroundings = {
    ...{ world, judge },
    isGone: () => random.chance(scene.weather.impatience),
  };
  const readers = new Map<number, Reader>();
  let actors = 0;
  const named = (kind: string) => {
    actors += 1;
    return createClient(`${kind}-${actors}`, rules);
  };
  const enter = (kind: string, begin: (client: ReturnType<typeof named>) => Steps<void>): Actor => {
    const client = named(kind);
    const again = () => enter(kind, begin);
    return { name: client.actor, steps: begin(client), sleepsUntil: scene.step, again };
  };
  const collecting = (cycles: number, sweeps: boolean) =>
    enter('collector', (client) => collector(client, around, cycles, sweeps));
  const importing = () => enter('importer', (client) => importer(client, around));
  const reading = (place: number) =>
    enter('reader', function (client) {
      const reader = createReader(client, world, judge);
      readers.set(place, reader);
      return rounds(reader, ROUNDS, random);
    });
  return {
    begin: () => {
      scene.actors = [
        ...Array.from({ length: COLLECTORS }, () => collecting(CYCLES, false)),
        ...[importing(), enter('retention', (it) => retention(it, around, RETENTION_ROUNDS))],
        ...Array.from({ length: READERS }, (_, place) => reading(place)),
      ];
    },
    end: () => {
      scene.actors = [collecting(1, true), importing()];
      play(scene);
      const enterAgain = (reader: Reader) => enter('reader', () => rounds(reader, 1, random));
      // First by replicas that are behind, so that being told once is not enough.
      for (const staleness of [0.8, 0]) {
        scene.weather = { ...FAIR, staleness };
        scene.actors = [...readers.values()].map(enterAgain);
        play(scene);
      }
    },
    readers: () => [...readers.values()],
  };
}

function* rounds(reader: Reader, count: number, random: Random): Steps<void> {
  for (let round = 1; round <= count; round += 1) {
    yield* reader.round();
    for (let wait = random.integer(8); wait > 0; wait -= 1) yield { kind: 'wait' };
  }
}

function judgeEnd(account: Account, world: World, readers: readonly Reader[]): void {
  const fail = (text: string): never => {
    throw new Violation('in the end all is there', text);
  };
  for (const subreddit of SUBREDDITS) {
    const { state } = account.now(subreddit);
    const served = world.served.get(subreddit) ?? [];
    for (const { id, day, value } of [...served, ...(world.dump.get(subreddit) ?? [])]) {
      const stored = state.get(id)?.document;
      const right = stored?.kind === 'item' && stored.value >= value;
      if (day >= firstDay(world) && !right) fail(`${id} in version ${value} is not stored`);
    }
    const newest = served.at(-1);
    const watermark = headOf(state)?.watermark ?? 0;
    if (newest !== undefined && newest.day >= firstDay(world) && watermark !== newest.place) {
      fail(`the watermark of ${subreddit} is at ${watermark}, not at ${newest.place}`);
    }
    const right = countsText(rollupsOf(state), firstDay(world));
    for (const reader of readers) {
      const seen = countsText(reader.held(subreddit).rollups, firstDay(world));
      if (seen !== right) fail(`a reader still sees "${seen}" of ${subreddit}, not "${right}"`);
    }
  }
}
