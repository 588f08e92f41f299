import type { Clock } from '../../../clock.js';
import { HOUR_MS, isoTime } from '../../../domain/window.js';
import type { Container } from '../account.js';
import { hourId, titlesId } from '../documents/documents.js';
import { type Ahead, createAhead } from './ahead.js';
import { createDays, type Days } from './days.js';
import { createFollow } from './follow.js';
import { createFollower, type Follower, type FollowerDeps } from './follower.js';
import { createGate } from './gate.js';
import type { Holding } from './holding.js';
import { bytesOf as bytesOfHour, type HourItems, hourItemsOf } from './hour-counts.js';
import { createLoader } from './loader.js';
import { createNewestPosts, type NewestPosts } from './newest-posts.js';
import { createParts, type Parts } from './parts.js';
import { bytesOf as bytesOfTitles, type HeldTitles, heldTitlesOf } from './titles.js';
import { TITLES_MS } from './trending.js';

/** What of the store is in memory: nothing before somebody asks for it, and all of it of one state. */
export interface Memory {
  follower: Follower;
  days: Days;
  hours: Parts<HourItems>;
  ahead: Ahead;
  titles: Parts<HeldTitles>;
  newest: NewestPosts;
  /** For some time from now on, gaps are looked at with the heads. */
  wantGaps: () => void;
  clear: () => void;
}

export interface MemoryDeps {
  items: Container;
  versions: FollowerDeps['versions'];
  clock: Clock;
  pollEveryMs: number;
  /** Of hours, and of titles. */
  maxBytes: { hours: number; titles: number };
}

/** Loads under way at once, and others that wait for one to end. */
const LOADS = { atOnce: 4, waiting: 200 };
/** Of one query: some hundred documents. */
const HOURS_AT_ONCE = 8;
const TITLES_AT_ONCE = 28;
const GAPS_WANTED_MS = 60 * 60_000;

export function createMemory(deps: MemoryDeps): Memory {
  const { items, versions, clock, pollEveryMs, maxBytes } = deps;
  const registry = new Set<Holding>();
  const gate = createGate(LOADS);
  let gapsWantedMs = Number.NEGATIVE_INFINITY;

  const clear = () => {
    for (const held of [days, hours, titles, newest]) held.clear();
    registry.clear();
  };
  const follow = createFollow({
    ...{ items, holdings: () => registry },
    withGaps: () => clock.monotonic() - gapsWantedMs < GAPS_WANTED_MS,
  });
  const follower = createFollower({
    ...{ versions, follow, clock, pollEveryMs },
    forget: clear,
    rested: () => newest.clear(),
  });
  const loader = createLoader({ items, gate, follower, registry });
  const days = createDays({ loader, registry });
  const hours = createParts<HourItems>({
    ...{ kind: 'hour', loader, registry, clock, atOnce: HOURS_AT_ONCE, maxBytes: maxBytes.hours },
    idOf: hourId,
    endOf: (hour) => isoTime(Date.parse(hour) + HOUR_MS),
    keep: (document) => (document.kind === 'hour' ? hourItemsOf(document) : null),
    bytesOf: bytesOfHour,
  });
  const titles = createParts<HeldTitles>({
    ...{
      kind: 'titles',
      loader,
      registry,
      clock,
      atOnce: TITLES_AT_ONCE,
      maxBytes: maxBytes.titles,
    },
    idOf: titlesId,
    endOf: (from) => isoTime(Date.parse(from) + TITLES_MS),
    keep: (document) => (document.kind === 'titles' ? heldTitlesOf(document) : null),
    bytesOf: bytesOfTitles,
  });
  const newest = createNewestPosts({ items, gate, follower, registry });
  return {
    ...{ follower, days, hours, titles, newest, clear, ahead: createAhead({ hours, clock }) },
    wantGaps: () => {
      gapsWantedMs = clock.monotonic();
    },
  };
}
