import type { Random } from '../../../src/simulator/random.js';
import type { Account, Operation } from './account.js';
import type { Answer, Call, Steps } from './calls.js';
import { CONTROL, type State } from './documents.js';
import type { Judge } from './judge.js';
import type { Rules } from './rules.js';
import type { Weather } from './weather.js';
import {
  editOne,
  MARGIN_DAYS,
  RETENTION_DAYS,
  serveAnother,
  SUBREDDITS,
  type World,
} from './world.js';

/** One process. */
export interface Actor {
  name: string;
  /** Makes another of its kind, after this one was killed. */
  again: () => Actor;
  steps: Steps<void>;
  answer?: Answer;
  /** The step before which it does nothing. */
  sleepsUntil: number;
}

export interface Scene {
  account: Account;
  world: World;
  judge: Judge;
  random: Random;
  rules: Rules;
  weather: Weather;
  actors: Actor[];
  /** Writes that nobody waits for any more, and that may still arrive. */
  late: (Call & { kind: 'write' })[];
  step: number;
  killed: number;
  /** Nothing happens beside the actors any more. */
  ending: boolean;
  note: (line: () => string) => void;
}

const MOST_STEPS = 1500;
const LONGEST_PAUSE = 80;
const MOST_KILLS = 4;
const LATE_ARRIVALS = 0.1;
const SERVED = 0.02;
const EDITED = 0.01;
const EXPIRED = 0.1;

/** Lets the actors go on, a step of one at a time, until all have ended or none may any more. */
export function play(scene: Scene): void {
  let last: Actor | undefined;
  for (const end = scene.step + MOST_STEPS; scene.step < end; scene.step += 1) {
    if (scene.actors.length === 0) return;
    if (!scene.ending) disturb(scene);
    const awake = scene.actors.filter(({ sleepsUntil }) => sleepsUntil <= scene.step);
    if (awake.length === 0) continue;
    const stays = last !== undefined && awake.includes(last);
    if (!stays || scene.random.chance(scene.weather.switching)) last = scene.random.pick(awake);
    if (last !== undefined) advance(scene, last);
  }
}

function advance(scene: Scene, actor: Actor): void {
  const { value: call, done } =
    actor.answer === undefined ? actor.steps.next() : actor.steps.next(actor.answer);
  if (done === true) {
    scene.note(() => `${actor.name} has ended`);
    scene.actors = scene.actors.filter((other) => other !== actor);
    return;
  }
  scene.note(() => `${actor.name}: ${callText(call)}`);
  const answer = answerTo(scene, call);
  actor.answer = answer;
  scene.note(() => `  -> ${answerText(answer)}`);
}

function answerTo(scene: Scene, call: Call): Answer {
  if (call.kind === 'wait') return { kind: 'waited' };
  const { account, weather, random } = scene;
  if (call.kind === 'write') return answerToWrite(scene, call);
  if (random.chance(weather.readFaults)) return { kind: 'none' };
  const { partition, wanted, atLeast } = call;
  const moment = account.someMoment(partition, atLeast, weather.staleness, random);
  return { kind: 'read', stored: account.read(partition, wanted, moment), moment };
}

function answerToWrite(scene: Scene, call: Call & { kind: 'write' }): Answer {
  const { account, weather, random } = scene;
  if (random.chance(weather.writeFaults)) {
    const fate = random.pick(['applied', 'dropped', 'late']);
    if (fate === 'applied') apply(scene, call);
    if (fate === 'late') scene.late.push(call);
    scene.note(() => `  the answer is lost, the batch ${fate}`);
    return { kind: 'none' };
  }
  const written = apply(scene, call);
  const { partition, operations } = call;
  const { moment } = account.now(partition);
  const ids = operations.flatMap((operation) => ('id' in operation ? operation.id : []));
  if (written) return { kind: 'written', moment, stored: account.read(partition, ids, moment) };
  return random.chance(0.5) ? { kind: 'refused', moment } : { kind: 'refused' };
}

function apply({ account, judge }: Scene, call: Call & { kind: 'write' }): boolean {
  const { partition, operations, author } = call;
  const before = account.now(partition).state;
  if (account.apply(partition, operations) !== null) return false;
  judge.written(partition, before, account.now(partition).state, author);
  return true;
}

/** What happens beside the actors before a step, or nothing. */
function disturb(scene: Scene): void {
  const { random, weather, world, step } = scene;
  if (scene.late.length > 0 && random.chance(LATE_ARRIVALS)) arrive(scene);
  if (random.chance(SERVED)) serveAnother(world, random.pick(SUBREDDITS));
  if (random.chance(EDITED)) editOne(world, random.pick(SUBREDDITS), random);
  if (random.chance(weather.days)) {
    world.today += 1;
    scene.note(() => `-- day ${world.today}`);
  }
  if (random.chance(EXPIRED)) expire(scene, random.pick(SUBREDDITS));
  if (random.chance(weather.pauses)) {
    const actor = random.pick(scene.actors);
    actor.sleepsUntil = step + random.integer(LONGEST_PAUSE);
    scene.note(() => `-- ${actor.name} is stopped until step ${actor.sleepsUntil}`);
  }
  if (scene.killed < MOST_KILLS && random.chance(weather.kills)) kill(scene);
}

function arrive(scene: Scene): void {
  const [call] = scene.late.splice(scene.random.integer(scene.late.length), 1);
  if (call === undefined) return;
  scene.note(() => `-- late, of ${call.author.actor}: ${callText(call)}`);
  apply(scene, call);
}

function kill(scene: Scene): void {
  const actor = scene.random.pick(scene.actors);
  const successor = actor.again();
  successor.sleepsUntil = scene.step + scene.random.integer(LONGEST_PAUSE);
  scene.actors = scene.actors.map((other) => (other === actor ? successor : other));
  scene.killed += 1;
  scene.note(() => `-- ${actor.name} is killed; ${successor.name} follows it`);
}

/** One document goes whose time is over; the head knows nothing of it. */
function expire({ account, world, random, rules, note }: Scene, subreddit: string): void {
  const lives = RETENTION_DAYS + (rules.ttlMargin ? MARGIN_DAYS : 0);
  const { state } = account.now(subreddit);
  const over = [...state.values()].filter(
    ({ document }) => 'day' in document && document.day + 1 + lives <= world.today,
  );
  if (over.length === 0) return;
  const { id } = random.pick(over);
  account.expire(subreddit, id);
  note(() => `-- ${id} of ${subreddit} expires`);
}

function callText(call: Call): string {
  if (call.kind === 'wait') return 'waits';
  const { partition } = call;
  if (call.kind === 'read') {
    return `reads ${partition} ${JSON.stringify(call.wanted)} at ${call.atLeast} or later`;
  }
  const epoch = call.author.epoch === null ? '' : ` for epoch ${call.author.epoch}`;
  return `writes ${partition}${epoch}: ${call.operations.map(operationText).join(', ')}`;
}

function operationText(operation: Operation): string {
  if (operation.kind === 'increment') return `increment ${JSON.stringify(operation.by)}`;
  const match = 'ifMatch' in operation ? ` if ${operation.ifMatch}` : '';
  const document = 'document' in operation ? ` ${JSON.stringify(operation.document)}` : '';
  return `${operation.kind}${match} ${operation.id}${document}`;
}

function answerText(answer: Answer): string {
  if (answer.kind === 'written') return `written, moment ${answer.moment}`;
  if (answer.kind !== 'read') return JSON.stringify(answer);
  const documents = answer.stored.map(({ id, etag, document }) => {
    return `${id} #${etag} ${JSON.stringify(document)}`;
  });
  return `as of ${answer.moment}: ${documents.join(', ') || 'nothing'}`;
}

/** A whole partition, for the trace. */
export function stateText(partition: string, state: State): string {
  const documents = [...state.values()].map(({ document }) => JSON.stringify(document));
  return `${partition === CONTROL ? 'control' : `subreddit ${partition}`}: ${documents.join(', ')}`;
}
