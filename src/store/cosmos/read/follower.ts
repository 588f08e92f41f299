import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../clock.js';
import { AppError } from '../../../errors.js';
import { createLooks } from './looks.js';
import type { Follow } from './follow.js';
import type { Heads, Overview } from './heads.js';

/** What is known of the store. Everything in memory is of exactly this state. */
export interface Mirror {
  /** Names the database, and what this process has seen of it since when. */
  opening: string;
  /**
   * The data version; and a fraction more, each time a batch is seen of which the version does not tell yet. What
   * is in memory is of the same state as long as it is the same.
   */
  version: number;
  /** By partition; each as of the batch that its `seq` counts. */
  heads: Heads;
  /** Gaps on record, by partition; null: nobody has asked for them. */
  gaps: Overview['gaps'];
}

export interface Follower {
  /** As of this call, or of `pollEveryMs` before it. @throws as the account does */
  current(): Promise<Mirror>;
  /** The heads are looked at after this call, whatever the data version says. */
  confirm(): Promise<Mirror>;
  /** What was seen last, without asking; null: nothing yet. */
  seen: () => Mirror | null;
  /** Resolves when the look that is under way has ended, however it does. */
  underWay(): Promise<void>;
  /** This process has written something: what was seen before no longer holds. */
  moved: () => void;
  /** The next look begins anew, with another opening: something was forgotten that ought not to be. */
  renew: () => void;
}

export interface FollowerDeps {
  versions: { read(): Promise<{ opening: string; n: number }> };
  follow: Follow;
  /** Everything held is to be forgotten: it is of another opening. */
  forget: () => void;
  /** Nobody has asked for long: what is followed by the time of writing would be too much. */
  rested: () => void;
  clock: Clock;
  pollEveryMs: number;
}

/**
 * The version is a hint: its writer may end before it is moved, and a replica that is behind may
 * tell less than it. So heads are looked at again soon after it moved, and now and then.
 */
const AGAIN_AFTER_MOVE_MS = 2000;
const AGAIN_ANYWAY_MS = 5 * 60_000;
const LONG_MS = 60_000;
/** Far less than one, however often it happens. */
const UNTOLD = 2 ** -20;

/**
 * Follows the store when it is asked, and only then: the version's document tells whether anything
 * moved, the heads of the partitions in which of them, and those are read from the last `seq` on.
 */
export function createFollower(deps: FollowerDeps): Follower {
  const { versions, follow, clock, pollEveryMs } = deps;
  let mirror: (Mirror & { source: string; told: number }) | null = null;
  let headsDueMs = 0;
  let lookedMs = 0;
  let renewing = false;

  const look = async (heads: boolean): Promise<void> => {
    const { opening: source, n } = await versions.read();
    if (clock.monotonic() - lookedMs > LONG_MS) deps.rested();
    await compare(source, n, heads);
    lookedMs = clock.monotonic();
  };

  const compare = async (source: string, n: number, heads: boolean): Promise<void> => {
    const before = mirror;
    // Less than was seen is another database under the same name: its copy was put back.
    const isOther = before === null || before.source !== source || n < before.told;
    if (isOther || renewing) {
      await begin(source, n);
      return;
    }
    const moved = n !== before.told;
    if (!moved && !heads && clock.monotonic() < headsDueMs) return;
    const followed = await follow.since(before.heads);
    if (followed === null) {
      await begin(source, n);
      return;
    }
    const version = moved ? n : before.version + (followed.moved ? UNTOLD : 0);
    followed.apply(version);
    const gaps = followed.gaps ?? (followed.moved ? null : before.gaps);
    mirror = { ...before, told: n, version, heads: followed.heads, gaps };
    headsDueMs = clock.monotonic() + (moved ? AGAIN_AFTER_MOVE_MS : AGAIN_ANYWAY_MS);
  };

  const begin = async (source: string, n: number): Promise<void> => {
    const { heads, gaps } = await follow.begin();
    deps.forget();
    renewing = false;
    const opening = `${source}-${randomUUID()}`;
    mirror = { source, opening, told: n, version: n, heads, gaps };
    headsDueMs = clock.monotonic() + AGAIN_AFTER_MOVE_MS;
  };

  const looks = createLooks({ look, clock, freshForMs: pollEveryMs });
  const after = async (looking: Promise<void>): Promise<Mirror> => {
    await looking;
    if (mirror === null) throw new AppError('internal', 'The store was looked at, and not seen');
    return mirror;
  };

  return {
    current: () => after(looks.recent()),
    confirm: () => after(looks.anew()),
    seen: () => mirror,
    underWay: () => looks.underWay(),
    moved: () => looks.expire(),
    renew() {
      renewing = true;
      looks.expire();
    },
  };
}
