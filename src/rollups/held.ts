import type { Clock } from '../clock.js';
import { createRollupTable, type RollupTable } from '../domain/rollup-table.js';
import { floorToHour, HOUR_MS, isoTime, partsOf, toTimes, type Window } from '../domain/window.js';
import type { HourCounts, ReadStore, Revision, RollupsAnswer } from '../store/store.js';

/**
 * The hourly rollups of the store, held in memory as of one revision. States: empty (nothing
 * loaded, or the database was opened anew) → loading, from the newest hours backwards → complete.
 */
export interface HeldRollups {
  /**
   * Brings what is held up to date, and loads a stretch more. Not to be called twice at once:
   * only this changes the opening. @throws as the store does.
   */
  step(): Promise<void>;
  /**
   * Counts by hour in each window, from what is held and from edges of the same revision; null:
   * not all of it is loaded, or another revision came in between. @throws as the store does.
   */
  count(windows: readonly Window[], subreddit: string | undefined): Promise<HourCounts[][] | null>;
  revision(): Revision | null;
  /** Whether every hour that can be asked for is loaded. */
  isComplete(): boolean;
  names(): string[];
}

export interface HeldRollupsDeps {
  store: Pick<ReadStore, 'rollups'>;
  clock: Clock;
  /** The newest hours, loaded first. */
  firstHours: number;
  /** Told when these, and later when all hours are loaded; again after each new opening. */
  onLoaded?: (loaded: 'recent' | 'all', figures: LoadedFigures) => void;
}

export interface LoadedFigures {
  rollups: number;
  /** Posts and comments counted in them. */
  items: number;
  /** From the first step after the start, or after a new opening was found. */
  ms: number;
}

/** The longest question and the equally long window before it, and the hour it begins in. */
export const KEPT_HOURS = 2 * 2160 + 1;
/** Loaded at once: some thousand rollups, whose arrival holds the event loop for few ms. */
const SLICE_HOURS = 14 * 24;
const END_OF_TIME_MS = Date.UTC(9999, 0);

interface Held {
  table: RollupTable;
  revision: Revision | null;
  /** All hours from here on are in the table. */
  coveredFromMs: number;
  beganMs: number;
}

export function createHeldRollups(deps: HeldRollupsDeps): HeldRollups {
  const { store, clock } = deps;
  let held: Held | null = null;

  const step = async (): Promise<void> => {
    held ??= nothing(clock.monotonic());
    const since = held.revision;
    trim(held, oldestHourMs(clock));
    const slice = nextSlice(held, deps);
    const answer = await store.rollups({
      since,
      edges: [],
      ...(slice === undefined ? {} : { hours: toTimes(slice) }),
    });
    if (since !== null && since.opening !== answer.opening) {
      held = null;
      return step();
    }
    if (take(held, answer, slice?.fromMs) && slice !== undefined) covered(held, slice, deps);
  };

  const count: HeldRollups['count'] = async (windows, subreddit) => {
    const since = held?.revision;
    const fromMs = Math.min(...windows.map((window) => floorToHour(window.fromMs)));
    if (held === null || !since || fromMs < held.coveredFromMs) return null;
    const parts = windows.map(partsOf);
    const edges = parts.flat().filter(({ whole }) => !whole);
    const answer = await store.rollups({
      since,
      edges: edges.map(toTimes),
      ...(subreddit === undefined ? {} : { subreddit }),
    });
    // A step may have found a new opening meanwhile.
    const now = held as Held | null;
    if (answer.opening !== since.opening || now?.revision?.opening !== since.opening) return null;
    if (!take(now, answer)) return null;
    const counted = answer.edges.values();
    return parts.map((ofWindow) =>
      ofWindow.flatMap((part) =>
        part.whole ? now.table.hours(part, subreddit) : (counted.next().value ?? []),
      ),
    );
  };

  return {
    step,
    count,
    revision: () => held?.revision ?? null,
    isComplete: () =>
      held !== null && held.revision !== null && nextSlice(held, deps) === undefined,
    names: () => held?.table.names() ?? [],
  };
}

const nothing = (beganMs: number): Held => ({
  table: createRollupTable(),
  revision: null,
  coveredFromMs: Number.POSITIVE_INFINITY,
  beganMs,
});

/**
 * Takes changes since an older state of the same opening. False: the answer is older than what
 * is held. Changes of hours that are not loaded are left to their loading.
 */
function take(held: Held, answer: RollupsAnswer, fromMs = held.coveredFromMs): boolean {
  const { opening, data_version } = answer;
  if (data_version < (held.revision?.data_version ?? 0)) return false;
  const first = isoTime(fromMs);
  held.table.apply(answer.rollups.filter(({ hour }) => hour >= first));
  held.revision = { opening, data_version };
  return true;
}

function covered(held: Held, slice: Window, deps: HeldRollupsDeps): void {
  const { clock, onLoaded = () => undefined } = deps;
  const first = held.coveredFromMs === Number.POSITIVE_INFINITY;
  held.coveredFromMs = slice.fromMs;
  const complete = nextSlice(held, deps) === undefined;
  if (!first && !complete) return;
  const figures = { ...held.table.size(), ms: Math.round(clock.monotonic() - held.beganMs) };
  if (first) onLoaded('recent', figures);
  if (complete) onLoaded('all', figures);
}

/** What is to be loaded next; undefined when all is there. */
function nextSlice(held: Held, { clock, firstHours }: HeldRollupsDeps): Window | undefined {
  const { coveredFromMs } = held;
  if (coveredFromMs === Number.POSITIVE_INFINITY) {
    return { fromMs: floorToHour(clock.now()) - firstHours * HOUR_MS, toMs: END_OF_TIME_MS };
  }
  const fromMs = Math.max(oldestHourMs(clock), coveredFromMs - SLICE_HOURS * HOUR_MS);
  return fromMs < coveredFromMs ? { fromMs, toMs: coveredFromMs } : undefined;
}

/** Drops the hours that nobody can ask for any more. */
function trim(held: Held, oldestMs: number): void {
  if (held.coveredFromMs >= oldestMs) return;
  held.table.forgetBefore(oldestMs);
  held.coveredFromMs = oldestMs;
}

const oldestHourMs = (clock: Clock) => floorToHour(clock.now()) - KEPT_HOURS * HOUR_MS;
