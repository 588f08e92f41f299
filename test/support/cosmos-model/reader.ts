import { type Client, GaveUp, read, type Steps } from './calls.js';
import type { Moment } from './account.js';
import { all, CONTROL, type Counts, HEAD, only, VERSION, type Version } from './documents.js';
import type { Judge } from './judge.js';
import { firstDay, MARGIN_DAYS, SUBREDDITS, type World } from './world.js';

/** Follows the account with rollups in memory, as the API does. */
export interface Reader {
  /** Looks at the version, and follows where it has moved. */
  round(): Steps<void>;
  /** The version of which a subreddit was last followed, and its rollups then. */
  held(subreddit: string): Mirror;
}

interface Mirror {
  version: number;
  seq: number;
  rollups: ReadonlyMap<number, Counts>;
}

/** What is tried before the last good answer is given as stale. */
const MOST_TRIES = 3;
const NOTHING: Mirror = { version: 0, seq: 0, rollups: new Map() };

export function createReader(client: Client, world: World, judge: Judge): Reader {
  const mirrors = new Map<string, Mirror>();
  const held = (subreddit: string) => mirrors.get(subreddit) ?? NOTHING;
  const follow = function* (subreddit: string, version: Version): Steps<void> {
    const began = world.today;
    const fromDay = client.rules.readersClamp ? firstDay(world) : 0;
    for (let attempt = 1; attempt <= MOST_TRIES; attempt += 1) {
      const before = held(subreddit);
      const next = yield* lookAt(client, subreddit, before, version);
      // An answer later than its deadline is nobody's any more, and its days may have expired.
      if (world.today - began > MARGIN_DAYS) return;
      if (next === null) continue;
      const mirror = { ...next, version: version.version };
      judge.taken({ reader: client.actor, subreddit, ...mirror, firstDay: fromDay });
      mirrors.set(subreddit, mirror);
      return;
    }
  };
  const round = function* (): Steps<void> {
    try {
      const version = only(yield* read(client, CONTROL, [VERSION]), 'version');
      if (version === undefined) return;
      for (const subreddit of SUBREDDITS) {
        const moved = held(subreddit).version < version.version;
        if (moved || client.rules.readersLookAgain) yield* follow(subreddit, version);
      }
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
    }
  };
  return { round, held };
}

/** Rule 7; null: the head moved meanwhile, or is older than the version tells. */
function* lookAt(
  client: Client,
  subreddit: string,
  before: Mirror,
  { seqs }: Version,
): Steps<Omit<Mirror, 'version'> | null> {
  const { rules } = client;
  const forgetful: Moment | undefined = rules.readerSession ? undefined : 0;
  const seq = seqOf(yield* read(client, subreddit, [HEAD], forgetful));
  if (rules.versionTellsSeqs && seq < (seqs[subreddit] ?? 0)) return null;
  if (seq === before.seq) return before;
  const first = client.session.get(subreddit) ?? 0;
  const rollups = new Map(before.rollups);
  for (const page of [0, 1] as const) {
    const wanted = { since: before.seq, page };
    for (const day of all(yield* read(client, subreddit, wanted, forgetful), 'day')) {
      rollups.set(day.day, day);
    }
  }
  const last = rules.readerTokenMovesOn ? forgetful : first;
  const again = seqOf(yield* read(client, subreddit, [HEAD], last));
  return rules.readerComparesSeq && again !== seq ? null : { seq, rollups };
}

const seqOf = (stored: Parameters<typeof only>[0]) => only(stored, 'head')?.seq ?? 0;
