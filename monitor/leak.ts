/**
 * What is remembered of one process' memory, for one generation of pids: plain data, never
 * changed in place. Its size is bounded: 240 minutes and 25 hours of lows.
 */
export interface MemorySeries {
  generation: string;
  /** Of the first sample, milliseconds on a clock that never jumps. */
  since: number;
  minutes: Minute[];
  /** The lows of the last whole tens of minutes, oldest first. */
  tens: Low[];
  /** The highest low from which it has come back by itself; null while it never has. */
  fallenFromMb: number | null;
}

interface Low {
  /** Start of the minute, or of the ten minutes. */
  at: number;
  mb: number;
}

/** A garbage collector's sawtooth rides on the lows: they show what is kept. */
interface Minute extends Low {
  highMb: number;
}

export interface Forecast {
  slopeMbPerMinute: number;
  /** Until samples reach the limit; 0 when they do already. */
  minutesToLimit: number;
  /** The level of the lows, without what rides on it. */
  nowMb: number;
}

const MINUTE_MS = 60_000;
const TEN_MS = 10 * MINUTE_MS;
const MAX_MINUTES = 240;
const MAX_TENS = 150;

/** A start loads code, fills caches and grows its heap: nothing is concluded from that. */
const WARM_UP_MINUTES = 10;
/**
 * The longer it has been watched, the earlier it may be told: half an hour of growth looks
 * like a leak in many shapes, two hours in few.
 */
const WINDOWS = [
  { minutes: 30, horizonMinutes: 45 },
  { minutes: 60, horizonMinutes: 60 },
  { minutes: 120, horizonMinutes: 60 },
  { minutes: 240, horizonMinutes: 60 },
] as const;
/** Of a window's minutes, how many must have been seen. */
const MIN_COVERAGE = 0.7;
/** Less than this over a window is no growth. */
const MIN_GROWTH_MB = 10;
/** Each quarter must have grown by this part of what an even growth would give. */
const MIN_EVENNESS = 0.5;
/** A second half that grows more slowly than this part of the first is a plateau to be. */
const MIN_HALVES_RATIO = 0.72;
/** It came back by itself: so much of what it had gained is given back. */
const GIVEN_BACK = 0.7;
/** A level that was come back from is exceeded by more than chance. */
const BEYOND = 0.1;

/** Pairs grow with the square: more points make a slope no better. */
const MAX_SLOPE_POINTS = 60;

/** Takes in one sample; zero (a zombie) and what is no number are left out. */
export function addSample(
  series: MemorySeries | null,
  generation: string,
  at: number,
  mb: number,
): MemorySeries {
  const known =
    series !== null && series.generation === generation
      ? series
      : { generation, since: at, minutes: [], tens: [], fallenFromMb: null };
  if (!(mb > 0) || !Number.isFinite(mb)) return known;
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const last = known.minutes.at(-1);
  if (last !== undefined && minute <= last.at) {
    const merged = { ...last, mb: Math.min(last.mb, mb), highMb: Math.max(last.highMb, mb) };
    return { ...known, minutes: [...known.minutes.slice(0, -1), merged] };
  }
  const minutes = [...known.minutes, { at: minute, mb, highMb: mb }].slice(-MAX_MINUTES);
  const ten = Math.floor(minute / TEN_MS) * TEN_MS;
  if (last === undefined || last.at >= ten) return { ...known, minutes };
  return withTen({ ...known, minutes }, Math.floor(last.at / TEN_MS) * TEN_MS);
}

/** The ten minutes that began at `at` are whole. */
function withTen(series: MemorySeries, at: number): MemorySeries {
  const lows = series.minutes.filter((one) => one.at >= at && one.at < at + TEN_MS);
  if (lows.length === 0) return series;
  const mb = Math.min(...lows.map((one) => one.mb));
  const tens = [...series.tens, { at, mb }].slice(-MAX_TENS);
  const warm = tens.filter((one) => one.at >= series.since + WARM_UP_MINUTES * MINUTE_MS);
  const fallen = [series.fallenFromMb, fallenFrom(warm.map((one) => one.mb))];
  const known = fallen.filter((one) => one !== null);
  return { ...series, tens, fallenFromMb: known.length === 0 ? null : Math.max(...known) };
}

/** The highest level of which a good part, counted from the lowest before it, was given back. */
function fallenFrom(lows: number[]): number | null {
  const now = lows.at(-1) ?? Number.NaN;
  let peak = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  let found: number | null = null;
  for (const mb of lows) {
    lowest = Math.min(lowest, mb);
    if (mb - lowest < MIN_GROWTH_MB || mb <= peak) continue;
    peak = mb;
    if (peak - now >= GIVEN_BACK * (peak - lowest)) found = peak;
  }
  return found;
}

/**
 * When its memory will reach the limit, if it leaks: null when nothing says so, or when it is
 * not soon. A leak is growth of what is never given back: even over a whole window, not slowing
 * down, and beyond every level that it has come back from by itself.
 */
export function forecast(series: MemorySeries, limitMb: number): Forecast | null {
  const last = series.minutes.at(-1);
  if (last === undefined) return null;
  for (const window of WINDOWS) {
    const from = last.at - window.minutes * MINUTE_MS;
    if (from < series.since + WARM_UP_MINUTES * MINUTE_MS) return null;
    const seen = series.minutes.filter((one) => one.at > from);
    if (seen.length < window.minutes * MIN_COVERAGE) continue;
    const found = judge(seen, from, last.at, limitMb);
    if (found === null || found.minutesToLimit > window.horizonMinutes) continue;
    if (series.fallenFromMb !== null && found.nowMb <= beyond(series, series.fallenFromMb))
      continue;
    return found;
  }
  return null;
}

function beyond({ tens }: MemorySeries, fallenFromMb: number): number {
  const lowest = Math.min(...tens.map((one) => one.mb));
  return fallenFromMb + Math.max(MIN_GROWTH_MB, BEYOND * (fallenFromMb - lowest));
}

function judge(seen: Minute[], from: number, to: number, limitMb: number): Forecast | null {
  const kept = neverGivenBack(seen);
  const quarters = inQuarters(kept, from, to);
  const [a = [], b = [], c = [], d = []] = quarters;
  if (!growsThroughout(quarters.map((one) => median(one.map(({ mb }) => mb))))) return null;
  if (slopeOf([...c, ...d]) < MIN_HALVES_RATIO * slopeOf([...a, ...b])) return null;
  const slope = slopeOf(kept);
  if (!(slope > 0)) return null;
  const line = (at: number): number => (slope * (at - to)) / MINUTE_MS;
  const nowMb = median(kept.map((one) => one.mb - line(one.at)));
  const rides = seen.map((one) => one.highMb - nowMb - line(one.at));
  const minutesToLimit = Math.max(0, (limitMb - nowMb - percentile(rides, 0.9)) / slope);
  return { slopeMbPerMinute: slope, minutesToLimit, nowMb };
}

function growsThroughout([a = Number.NaN, b = 0, c = 0, d = 0]: number[]): boolean {
  const growth = d - a;
  return growth >= MIN_GROWTH_MB && Math.min(b - a, c - b, d - c) >= (MIN_EVENNESS * growth) / 3;
}

/** For each moment the level below which it has not been since. */
function neverGivenBack(minutes: Low[]): Low[] {
  let lowest = Number.POSITIVE_INFINITY;
  return minutes
    .map(({ at, mb }) => ({ at, mb }))
    .reverse()
    .map(({ at, mb }) => {
      lowest = Math.min(lowest, mb);
      return { at, mb: lowest };
    })
    .reverse();
}

function inQuarters(lows: Low[], from: number, to: number): Low[][] {
  const quarters: Low[][] = [[], [], [], []];
  for (const one of lows) {
    const index = Math.floor(((one.at - from - 1) / (to - from)) * 4);
    quarters[Math.min(3, Math.max(0, index))]?.push(one);
  }
  return quarters;
}

/** MB a minute: the median of the slopes of all pairs (Theil 1950, Sen 1968). */
function slopeOf(all: Low[]): number {
  const stride = Math.ceil(all.length / MAX_SLOPE_POINTS);
  const lows = all.filter((_, index) => index % stride === 0);
  const slopes: number[] = [];
  for (const [index, a] of lows.entries()) {
    for (const b of lows.slice(index + 1)) {
      slopes.push(((b.mb - a.mb) / (b.at - a.at)) * MINUTE_MS);
    }
  }
  return median(slopes);
}

const median = (values: number[]): number => percentile(values, 0.5);

function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
