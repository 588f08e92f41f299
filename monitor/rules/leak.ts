/**
 * What is remembered of one process' memory, for one generation of pids: plain data, never
 * changed in place. Its size is bounded: 240 minutes and 25 hours of lows.
 */
export interface MemorySeries {
  generation: string;
  /** The minute of the first sample, milliseconds on a clock that never jumps. */
  since: number;
  minutes: Span[];
  /** Of each ten minutes the lowest and the highest of the lows, oldest first. */
  tens: Span[];
  /** The highest low from which it has come back by itself; null while it never has. */
  fallenFromMb: number | null;
}

interface Low {
  /** Start of the minute, or of the ten minutes. */
  at: number;
  mb: number;
}

/** A garbage collector's sawtooth rides on the lows: they show what is kept. */
interface Span extends Low {
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
 * The more of it has been seen, the earlier it may be told. Half an hour of growth looks like a
 * leak in many shapes: it counts only while no more can have been seen, and not when it is so
 * fast that it must be data being loaded, for a leak like that would be over the limit soon.
 */
const WINDOWS = [
  { minutes: 30, horizonMinutes: 40, maxAgeMinutes: 75, maxSlope: 4 },
  { minutes: 60, horizonMinutes: 60, maxAgeMinutes: Infinity, maxSlope: Infinity },
  { minutes: 120, horizonMinutes: 60, maxAgeMinutes: Infinity, maxSlope: Infinity },
  { minutes: 240, horizonMinutes: 60, maxAgeMinutes: Infinity, maxSlope: Infinity },
] as const;
/** Of a window's minutes, how many must have been seen. */
const MIN_COVERAGE = 0.7;
/** Less than this over a window is no growth. */
const MIN_GROWTH_MB = 10;
/** Each quarter must have grown by this part of what an even growth would give. */
const MIN_EVENNESS = 0.5;
/** A second half that grows more slowly than this part of the first is a plateau to be. */
const MIN_HALVES_RATIO = 0.8;
/** It came back by itself: so much of what it had gained is given back. */
const GIVEN_BACK = 0.7;
/** A level that was come back from is exceeded by more than chance. */
const BEYOND = 0.1;

/** Pairs grow with the square: more points make a slope no better. */
const MAX_SLOPE_POINTS = 30;

/** Takes in one sample; zero (a zombie) and what is no number are left out. */
export function addSample(
  series: MemorySeries | null,
  generation: string,
  at: number,
  mb: number,
): MemorySeries {
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS;
  const known =
    series !== null && series.generation === generation
      ? series
      : { generation, since: minute, minutes: [], tens: [], fallenFromMb: null };
  if (!(mb > 0) || !Number.isFinite(mb)) return known;
  const last = known.minutes.at(-1);
  if (last !== undefined && minute <= last.at) {
    const merged = { ...last, mb: Math.min(last.mb, mb), highMb: Math.max(last.highMb, mb) };
    return { ...known, minutes: [...known.minutes.slice(0, -1), merged] };
  }
  const minutes = [...known.minutes, { at: minute, mb, highMb: mb }].slice(-MAX_MINUTES);
  const tenOf = (one: number): number => one - ((one - known.since) % TEN_MS);
  if (last === undefined || last.at >= tenOf(minute)) return { ...known, minutes };
  return withTen({ ...known, minutes }, tenOf(last.at));
}

/** The ten minutes that began at `at` are whole. */
function withTen(series: MemorySeries, at: number): MemorySeries {
  const lows = series.minutes.filter((one) => one.at >= at && one.at < at + TEN_MS);
  if (lows.length === 0) return series;
  const mbs = lows.map((one) => one.mb);
  const ten = { at, mb: Math.min(...mbs), highMb: Math.max(...mbs) };
  const tens = [...series.tens, ten].slice(-MAX_TENS);
  const warm = tens.filter((one) => one.at >= series.since + WARM_UP_MINUTES * MINUTE_MS);
  const fallen = [series.fallenFromMb, fallenFrom(warm)];
  const known = fallen.filter((one) => one !== null);
  return { ...series, tens, fallenFromMb: known.length === 0 ? null : Math.max(...known) };
}

/** The highest level of which a good part, counted from the lowest before it, was given back. */
function fallenFrom(tens: Span[]): number | null {
  const now = tens.at(-1)?.mb ?? Number.NaN;
  let peak = Number.NEGATIVE_INFINITY;
  let lowest = Number.POSITIVE_INFINITY;
  let found: number | null = null;
  for (const { mb, highMb } of tens) {
    lowest = Math.min(lowest, mb);
    if (highMb - lowest < MIN_GROWTH_MB || highMb <= peak) continue;
    peak = highMb;
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
  const comeBackFromMb = beyondMb(series);
  if (last === undefined || last.mb <= comeBackFromMb) return null;
  const ageMinutes = (last.at - series.since) / MINUTE_MS;
  for (const { minutes, horizonMinutes, maxAgeMinutes, maxSlope } of WINDOWS) {
    if (ageMinutes < minutes + WARM_UP_MINUTES) return null;
    const from = last.at - minutes * MINUTE_MS;
    const seen = series.minutes.filter((one) => one.at > from);
    if (ageMinutes > maxAgeMinutes || seen.length < minutes * MIN_COVERAGE) continue;
    const found = judge(seen, from, last.at, limitMb);
    if (found === null || found.nowMb <= comeBackFromMb) continue;
    const { slopeMbPerMinute, minutesToLimit } = found;
    if (slopeMbPerMinute <= maxSlope && minutesToLimit <= horizonMinutes) return found;
  }
  return null;
}

/** What it has come back from by itself, and a little more. */
function beyondMb({ tens, fallenFromMb }: MemorySeries): number {
  if (fallenFromMb === null) return 0;
  const lowest = Math.min(...tens.map((one) => one.mb));
  return fallenFromMb + Math.max(MIN_GROWTH_MB, BEYOND * (fallenFromMb - lowest));
}

function judge(seen: Span[], from: number, to: number, limitMb: number): Forecast | null {
  const kept = neverGivenBack(seen);
  const quarters = inQuarters(kept, from, to);
  const [a = [], b = [], c = [], d = []] = quarters;
  if (!growsThroughout(quarters.map((one) => median(one.map(({ mb }) => mb))))) return null;
  const late = slopeOf([...c, ...d]);
  if (late < MIN_HALVES_RATIO * slopeOf([...a, ...b])) return null;
  const slope = Math.min(late, slopeOf(kept));
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
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
