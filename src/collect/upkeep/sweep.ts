import { toIso } from '../../clock.js';
import type { Upkeep } from '../../domain/cycle.js';
import { HOUR_MS } from '../../domain/window.js';
import { MOST_PER_REQUEST } from '../../reddit/source.js';
import type { MissedPart, StoredItem, SweepPlace, UpkeepState } from '../../store/upkeep-store.js';
import { askAgain, newAsked } from './asking.js';
import type { UpkeepDeps } from './deps.js';
import { openSubreddits } from './open-subreddits.js';

/** Everything stored is asked for again in this time: 48 hours, less what repetition and outages take. */
export const PASS_MS = 40 * HOUR_MS;

type Pass = NonNullable<UpkeepState['sweep']>;

/** Of what was passed over, in one cycle: a minute of Reddit's rate. */
const MOST_MISSED = 10_000;

/**
 * Goes on with the walk through everything stored, which finds what was deleted or changed since,
 * at a pace that comes round in PASS_MS; after an outage it catches up. What the walk comes to while
 * it is closed to us is passed over, and made up for as soon as it is open again.
 *
 * @throws AppError as PostSource.info and the store do; the walk goes on from the last note
 */
export async function sweep(
  deps: UpkeepDeps,
  signal: AbortSignal,
  into: Upkeep['sweep'],
): Promise<void> {
  const { store, clock, fence } = deps;
  const nowMs = clock.now();
  const state = await store.upkeepState();
  const walk: Walk = {
    pass: begun(state.sweep, nowMs),
    open: new Set((await openSubreddits(deps)).map((name) => name.toLowerCase())),
    note: () => store.saveUpkeepState({ ...state, sweep: walk.pass }, fence),
    ask: async (items) => {
      const asked = newAsked();
      try {
        await askAgain(items, deps, signal, asked);
      } finally {
        into.asked += asked.asked;
        into.changed += asked.changed;
      }
    },
  };
  const quota = quotaOf(walk.pass, await store.itemCount(), nowMs + deps.intervalMs);
  into.left = quota;
  await makeUp(walk, store);
  const all = (await store.subreddits(toIso(nowMs))).map(({ name }) => name);
  while (into.left > 0) {
    // One request, then noted: whatever ends the cycle here, the next one begins further on.
    const limit = Math.min(MOST_PER_REQUEST, into.left);
    const { place: after } = walk.pass;
    const { items, next } = await store.sweepPage({ after, subreddits: all, limit });
    const seen = items.filter((item) => isOpen(walk, item));
    await walk.ask(seen);
    const closed = items.filter((item) => !isOpen(walk, item));
    const missed = withMissed(walk.pass.missed ?? [], closed, after);
    walk.pass =
      next === null
        ? { began_at: toIso(nowMs), asked: 0, place: null, missed: missed.map(whole) }
        : { ...walk.pass, asked: walk.pass.asked + items.length, place: next, missed };
    await walk.note();
    into.left = next === null ? 0 : Math.max(0, into.left - items.length);
  }
}

interface Walk {
  pass: Pass;
  /** Names in lower case. */
  open: ReadonlySet<string>;
  note: () => Promise<void>;
  ask: (items: readonly StoredItem[]) => Promise<void>;
}

function isOpen({ open }: Walk, { subreddit }: { subreddit: string }): boolean {
  return open.has(subreddit.toLowerCase());
}

/** A part that is missed already is missed from where it was first passed over. */
function withMissed(
  missed: readonly MissedPart[],
  closed: readonly StoredItem[],
  after: SweepPlace | null,
): MissedPart[] {
  const parts = [...missed];
  for (const { subreddit } of closed) {
    const lower = subreddit.toLowerCase();
    if (parts.some((part) => part.subreddit.toLowerCase() === lower)) continue;
    parts.push({ subreddit, after });
  }
  return parts;
}

/** The next walk may come to its beginning while it is still closed. */
function whole({ subreddit }: MissedPart): MissedPart {
  return { subreddit, after: null };
}

async function makeUp(walk: Walk, store: Pick<UpkeepDeps['store'], 'sweepPage'>): Promise<void> {
  let left = MOST_MISSED;
  for (const part of (walk.pass.missed ?? []).filter((one) => isOpen(walk, one))) {
    let { after } = part;
    for (let done = false; !done && left > 0; ) {
      const query = { after, subreddits: [part.subreddit], limit: MOST_PER_REQUEST };
      const { items, next } = await store.sweepPage(query);
      await walk.ask(items);
      left -= items.length;
      done = next === null;
      after = next;
      const others = (walk.pass.missed ?? []).filter((one) => one.subreddit !== part.subreddit);
      const rest = done ? [] : [{ subreddit: part.subreddit, after }];
      walk.pass = { ...walk.pass, missed: [...rest, ...others] };
      await walk.note();
    }
  }
}

/** A walk that began in the future was begun under a clock that was ahead. */
function begun(pass: Pass | null, nowMs: number): Pass {
  if (pass === null) return { began_at: toIso(nowMs), asked: 0, place: null };
  return Date.parse(pass.began_at) > nowMs ? { ...pass, began_at: toIso(nowMs) } : pass;
}

/** Items to ask for now so that the pass is where it ought to be at `untilMs`; whole requests. */
export function quotaOf(pass: Pass, total: number, untilMs: number): number {
  const share = Math.min(1, (untilMs - Date.parse(pass.began_at)) / PASS_MS);
  const due = Math.ceil(total * share) - pass.asked;
  return Math.max(1, Math.ceil(due / MOST_PER_REQUEST)) * MOST_PER_REQUEST;
}
