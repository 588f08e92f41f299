import type { IsoTime } from './item.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Half-open: `from` ≤ time < `to`. Milliseconds since the epoch. */
export interface Window {
  fromMs: number;
  toMs: number;
}

export function floorToMinute(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}

export function floorToHour(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

/** A part of a window: whole hours together, or what is left of an hour at an end. */
export interface WindowPart extends Window {
  whole: boolean;
}

/** The parts of a window in their order, empty ones left out: whole hours come from rollups. */
export function partsOf({ fromMs, toMs }: Window): WindowPart[] {
  const firstWholeMs = Math.ceil(fromMs / HOUR_MS) * HOUR_MS;
  const endOfWholeMs = floorToHour(toMs);
  const parts =
    firstWholeMs > endOfWholeMs // within one hour
      ? [{ fromMs, toMs, whole: false }]
      : [
          { fromMs, toMs: firstWholeMs, whole: false },
          { fromMs: firstWholeMs, toMs: endOfWholeMs, whole: true },
          { fromMs: endOfWholeMs, toMs, whole: false },
        ];
  return parts.filter((part) => part.fromMs < part.toMs);
}

/** The window of an analytics question: it ends at the current minute and starts `hours` earlier. */
export function windowEndingAt(nowMs: number, hours: number): Window {
  const toMs = floorToMinute(nowMs);
  return { fromMs: toMs - hours * HOUR_MS, toMs };
}

/** The equally long window that ends where this one starts. */
export function windowBefore(window: Window): Window {
  return { fromMs: 2 * window.fromMs - window.toMs, toMs: window.fromMs };
}

/** Whether everything in the window is still kept, seen from `endMs`. */
export function withinRetention(window: Window, endMs: number, retentionDays: number): boolean {
  return window.fromMs >= endMs - retentionDays * DAY_MS;
}

export function toTimes(window: Window): { from: IsoTime; to: IsoTime } {
  return { from: isoTime(window.fromMs), to: isoTime(window.toMs) };
}

export function isoTime(ms: number): IsoTime {
  return new Date(ms).toISOString();
}

/** `20261122T030005Z`: a time as names of records and files carry it. */
export function compactTime(time: IsoTime): string {
  return time.replace(/[-:]/g, '').replace(/\.\d+Z$/, 'Z');
}
