import { addSample, type Forecast, forecast, type MemorySeries } from '../../monitor/rules/leak.js';

/** Memory in MB at so many minutes after the start of the process. */
export type Shape = (minute: number) => number;

export const LIMIT_MB = 500;
const LOOK_MINUTES = 0.25;
/** Every five minutes, so that days of hundreds of shapes are soon over. */
const LOOKS_PER_FORECAST = 20;

export const plus =
  (...parts: Shape[]): Shape =>
  (minute) =>
    parts.reduce((sum, part) => sum + part(minute), 0);
export const level =
  (mb: number): Shape =>
  () =>
    mb;
/** Growth without an end, from `from` on. */
export const leak =
  (mbPerMinute: number, from = 0): Shape =>
  (minute) =>
    mbPerMinute * Math.max(0, minute - from);
/** Climbs by `mb` over its period, then gives all of it back. */
export const sawtooth =
  (mb: number, periodMinutes: number, phase = 0): Shape =>
  (minute) =>
    mb * ((minute / periodMinutes + phase) % 1);
/** `mb` from trough to peak. */
export const wave =
  (mb: number, periodMinutes: number, phase = 0): Shape =>
  (minute) =>
    (mb / 2) * (1 - Math.cos(2 * Math.PI * (minute / periodMinutes + phase)));
/** Straight up, then flat. */
export const ramp =
  (mb: number, minutes: number): Shape =>
  (minute) =>
    mb * Math.min(1, minute / minutes);
export const saturation =
  (mb: number, timeConstantMinutes: number): Shape =>
  (minute) =>
    mb * (1 - Math.exp(-minute / timeConstantMinutes));
/** Caches that fill one after the other: equal steps, each after twice the time of the last. */
export const stairs =
  (mb: number, steps: number, firstMinute: number): Shape =>
  (minute) =>
    (mb * Math.min(steps, Math.max(0, Math.floor(Math.log2(minute / firstMinute)) + 1))) / steps;
export const step =
  (mb: number, from: number): Shape =>
  (minute) =>
    minute >= from ? mb : 0;
/** Even noise of ±`mb`, the same for the same seed. */
export function noise(mb: number, seed: number): Shape {
  return (minute) => {
    let x =
      (Math.imul(Math.round(minute * 4) + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    x ^= x >>> 16;
    return mb * ((x >>> 0) / 0x80000000 - 1);
  };
}

export interface Told extends Forecast {
  minute: number;
}

/** The first forecast within so many minutes, as the monitor looks: each quarter of a minute. */
export function firstForecast(
  shape: Shape,
  minutes: number,
  { limitMb = LIMIT_MB, from = 0 } = {},
): Told | null {
  let series: MemorySeries | null = null;
  for (let look = 0; look * LOOK_MINUTES <= minutes; look += 1) {
    const minute = look * LOOK_MINUTES;
    series = addSample(series, '1', 12_345 + minute * 60_000, shape(minute));
    if (look % LOOKS_PER_FORECAST !== LOOKS_PER_FORECAST - 1 || minute < from) continue;
    const found = forecast(series, limitMb);
    if (found !== null) return { ...found, minute };
  }
  return null;
}

/** When three samples in a row are over the limit, in minutes after the start. */
export function reachesLimit(shape: Shape, minutes: number, limitMb = LIMIT_MB): number | null {
  let over = 0;
  for (let minute = 0; minute <= minutes; minute += LOOK_MINUTES) {
    over = shape(minute) > limitMb ? over + 1 : 0;
    if (over === 3) return minute;
  }
  return null;
}
