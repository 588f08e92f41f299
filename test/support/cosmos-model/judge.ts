import type { Author } from './calls.js';
import {
  all,
  CONTROL,
  type Counts,
  countsText,
  headOf,
  type Item,
  LEASE,
  only,
  recount,
  rollupsOf,
  type State,
  VERSION,
} from './documents.js';
import { firstDay, firstLivingDay, type World } from './world.js';

/** What must hold in every schedule. */
export type Invariant =
  | 'rollups are recounts'
  | 'nothing stored is lost'
  | 'nothing below the watermark is missing'
  | 'each lease has an epoch of its own'
  | 'a stamped head keeps older epochs out'
  | 'who lost the lease writes nothing'
  | 'the version covers what was written'
  | 'readers see a whole state'
  | 'readers are as recent as the version'
  | 'in the end all is there';

export class Violation extends Error {
  constructor(
    readonly invariant: Invariant,
    message: string,
  ) {
    super(message);
  }
}

/** What a writer tells when it has done with a change. */
export interface Report extends Author {
  subreddit: string;
  token: string;
  /** Reported as stored. */
  items: readonly Item[];
  /** The version it was told; undefined: it did not move it. */
  version: number | undefined;
}

/** What a reader has taken as the state of a subreddit. */
export interface Taken {
  reader: string;
  subreddit: string;
  /** The version it had read before. */
  version: number;
  seq: number;
  rollups: ReadonlyMap<number, Counts>;
  firstDay: number;
}

/** Sees every commit, which nobody in the model can, and throws a Violation. */
export interface Judge {
  written(partition: string, before: State, after: State, author: Author): void;
  reported(report: Report): void;
  /** `version`: as `Report`. */
  tookOver(epoch: number, version: number | undefined): void;
  taken(taken: Taken): void;
}

interface Books {
  world: World;
  /** By subreddit. */
  partitions: Map<string, Ledger>;
  /** By version: the seqs at the moment it was written. */
  covered: Map<number, Map<string, number>>;
  version: number;
  /** The newest epoch whose take-over is complete. */
  epoch: number;
  /** Who knows this version knows this seq. */
  announced: { version: number; subreddit: string; seq: number }[];
  /** By reader and subreddit. */
  taken: Map<string, Taken>;
}

/** What is known of one subreddit. */
interface Ledger {
  state: State;
  states: Map<number, State>;
  seqOfToken: Map<string, number>;
  /** By epoch: the highest seq. */
  seqOfEpoch: Map<number, number>;
  /** Told to be stored, by id. */
  stored: Map<string, Item>;
}

/** `forgiven`: what is not promised. */
export function createJudge(world: World, forgiven: readonly Invariant[] = []): Judge {
  const books: Books = {
    world,
    partitions: new Map(),
    covered: new Map(),
    version: 0,
    epoch: 0,
    announced: [],
    taken: new Map(),
  };
  const strictly = (judge: () => void): void => {
    try {
      judge();
    } catch (error) {
      if (!(error instanceof Violation) || !forgiven.includes(error.invariant)) throw error;
    }
  };
  return {
    written: (partition, before, after, author) => {
      strictly(() => judgeEpoch(books, before, author));
      if (partition === CONTROL) strictly(() => judgeControl(books, before, after, author));
      else strictly(() => judgeData(books, partition, after, author));
    },
    reported: (report) => strictly(() => judgeReport(books, report)),
    tookOver: (epoch, version) => strictly(() => judgeTakeover(books, epoch, version)),
    taken: (taken) => strictly(() => judgeTaken(books, taken)),
  };
}

function ledgerOf(books: Books, subreddit: string): Ledger {
  const known = books.partitions.get(subreddit);
  if (known !== undefined) return known;
  const state: State = new Map();
  const fresh: Ledger = {
    state,
    states: new Map([[0, state]]),
    seqOfToken: new Map(),
    seqOfEpoch: new Map(),
    stored: new Map(),
  };
  books.partitions.set(subreddit, fresh);
  return fresh;
}

/** Nobody of an older epoch writes behind the stamp of a newer one, or behind its take-over. */
function judgeEpoch(books: Books, before: State, { actor, epoch }: Author): void {
  if (epoch === null) return;
  const stamped = headOf(before)?.epoch ?? 0;
  if (epoch < stamped) {
    const text = `${actor} wrote for epoch ${epoch} behind the stamp of ${stamped}`;
    throw new Violation('a stamped head keeps older epochs out', text);
  }
  if (epoch >= books.epoch) return;
  const text = `${actor} wrote for epoch ${epoch} after ${books.epoch} had taken over`;
  throw new Violation('who lost the lease writes nothing', text);
}

function judgeControl(books: Books, before: State, after: State, { actor }: Author): void {
  const lease = only([...after.values()], 'lease');
  if (before.get(LEASE) !== after.get(LEASE) && lease !== undefined) {
    const old = only([...before.values()], 'lease');
    const epoch = (old?.epoch ?? 0) + (lease.holder === null ? 0 : 1);
    if (lease.epoch !== epoch) {
      const text = `${actor} wrote a lease of epoch ${lease.epoch}, which is not ${epoch}`;
      throw new Violation('each lease has an epoch of its own', text);
    }
  }
  const version = only([...after.values()], 'version');
  if (before.get(VERSION) === after.get(VERSION) || version === undefined) return;
  if (version.version !== books.version + 1) {
    const text = `${actor} moved the version from ${books.version} to ${version.version}`;
    throw new Violation('the version covers what was written', text);
  }
  books.version = version.version;
  const seqs = [...books.partitions].map(([name, { state }]) => [name, seqIn(state)] as const);
  books.covered.set(version.version, new Map(seqs));
}

const seqIn = (state: State) => headOf(state)?.seq ?? 0;

function judgeData(books: Books, subreddit: string, after: State, { epoch }: Author): void {
  const own = ledgerOf(books, subreddit);
  const before = headOf(own.state);
  own.state = after;
  judgeRollups(books.world, subreddit, after);
  for (const item of own.stored.values()) judgeStored(books.world, subreddit, after, item);
  const head = headOf(after);
  judgeWatermark(books.world, subreddit, after, before?.watermark ?? 0, head?.watermark ?? 0);
  if ((head?.epoch ?? 0) < (before?.epoch ?? 0)) {
    const text = `the head of ${subreddit} fell back to epoch ${head?.epoch ?? 0}`;
    throw new Violation('a stamped head keeps older epochs out', text);
  }
  if (head === undefined || head.seq === before?.seq) return;
  own.states.set(head.seq, after);
  own.seqOfToken.set(head.token, head.seq);
  if (epoch !== null) own.seqOfEpoch.set(epoch, head.seq);
}

function judgeRollups(world: World, subreddit: string, state: State): void {
  const stored = countsText(rollupsOf(state), firstLivingDay(world));
  const right = countsText(recount(all(state.values(), 'item')), firstLivingDay(world));
  if (stored === right) return;
  const text = `rollups of ${subreddit} are "${stored}" where items make "${right}"`;
  throw new Violation('rollups are recounts', text);
}

function judgeStored(world: World, subreddit: string, state: State, item: Item): void {
  if (item.day < firstDay(world)) return;
  const now = state.get(item.id)?.document;
  if (now?.kind === 'item' && now.value >= item.value) return;
  const text = `${item.id} in version ${item.value} was reported as stored and is not in ${subreddit}`;
  throw new Violation('nothing stored is lost', text);
}

function judgeWatermark(
  world: World,
  subreddit: string,
  state: State,
  before: number,
  now: number,
): void {
  const invariant = 'nothing below the watermark is missing';
  if (now < before) {
    throw new Violation(invariant, `the watermark of ${subreddit} went from ${before} to ${now}`);
  }
  const missing = (world.served.get(subreddit) ?? []).find(
    ({ id, place, day }) => place <= now && day >= firstDay(world) && !state.has(id),
  );
  if (missing === undefined) return;
  throw new Violation(invariant, `${missing.id} is not stored, and the watermark is at ${now}`);
}

function judgeReport(books: Books, report: Report): void {
  const { actor, subreddit, token, items } = report;
  const own = ledgerOf(books, subreddit);
  for (const item of items) {
    judgeStored(books.world, subreddit, own.state, item);
    const known = own.stored.get(item.id);
    if ((known?.value ?? 0) < item.value) own.stored.set(item.id, item);
  }
  const seq = own.seqOfToken.get(token);
  if (seq !== undefined) announce(books, actor, subreddit, seq, report.version ?? books.version);
}

/** From `version` on this seq is known: of readers, too, that have that version already. */
function announce(
  books: Books,
  actor: string,
  subreddit: string,
  seq: number,
  version: number,
): void {
  const covered = books.covered.get(version)?.get(subreddit) ?? 0;
  if (covered < seq) {
    const text = `${actor} was told version ${version}, made when ${subreddit} was at ${covered}, of ${seq}`;
    throw new Violation('the version covers what was written', text);
  }
  books.announced.push({ version, subreddit, seq });
  for (const taken of books.taken.values()) {
    if (taken.subreddit === subreddit) judgeAge(books, taken);
  }
}

function judgeTakeover(books: Books, epoch: number, version: number | undefined): void {
  books.epoch = Math.max(books.epoch, epoch);
  for (const [subreddit, { seqOfEpoch }] of books.partitions) {
    const older = [...seqOfEpoch].filter(([other]) => other < epoch).map(([, seq]) => seq);
    const seq = Math.max(0, ...older);
    announce(books, `the take-over by ${epoch}`, subreddit, seq, version ?? books.version);
  }
}

function judgeTaken(books: Books, taken: Taken): void {
  const { reader, subreddit, seq } = taken;
  const invariant = 'readers see a whole state';
  const key = `${reader} ${subreddit}`;
  const before = books.taken.get(key);
  if (seq < (before?.seq ?? 0)) {
    throw new Violation(invariant, `${reader} went from ${before?.seq ?? 0} back to ${seq}`);
  }
  const state = ledgerOf(books, subreddit).states.get(seq);
  const right = state === undefined ? 'never' : countsText(rollupsOf(state), taken.firstDay);
  const seen = countsText(taken.rollups, taken.firstDay);
  if (seen !== right) {
    const text = `${reader} took "${seen}" for ${subreddit} at ${seq}, which was "${right}"`;
    throw new Violation(invariant, text);
  }
  books.taken.set(key, taken);
  judgeAge(books, taken);
}

function judgeAge(books: Books, { reader, subreddit, version, seq }: Taken): void {
  const newer = books.announced.find(
    (one) => one.subreddit === subreddit && one.version <= version && one.seq > seq,
  );
  if (newer === undefined) return;
  throw new Violation(
    'readers are as recent as the version',
    `${reader} has ${subreddit} at ${seq} by version ${version}, and ${newer.version} told of ${newer.seq}`,
  );
}
