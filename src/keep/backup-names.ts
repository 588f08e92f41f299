import { compactTime, DAY_MS, HOUR_MS, isoTime } from '../domain/window.js';

export const backupName = (nowMs: number): string =>
  `sentimentagent-${compactTime(isoTime(nowMs))}.db`;

/**
 * While it is written; a file of this name is no backup. By process, as one that was killed may have left
 * its own in the same second.
 */
export const partialName = (name: string, pid: number): string => `.${name}.${pid}.partial`;

/** Where `restore` puts what was there before. */
export const replacedName = (database: string, nowMs: number): string =>
  `${database}.replaced-${compactTime(isoTime(nowMs))}`;

export interface KeepRule {
  nowMs: number;
  keepDays: number;
  /** When somebody looks again; 0: nobody may. */
  nextLookMs: number;
  /** Name of the database's file. */
  database: string;
}

/** A backup that is being written takes less. */
const PARTIAL_MS = HOUR_MS;
/** The next look may come this much later than planned. */
const SLACK_MS = HOUR_MS;

/**
 * Whether a file of one of our folders is to go: a backup, or a database that was replaced by one,
 * that would be too old before the next look, or what a killed backup left. Others' files stay.
 */
export function isToGo(name: string, rule: KeepRule): boolean {
  const { nowMs, keepDays, nextLookMs, database } = rule;
  const side = String.raw`(?:-journal|-wal|-shm)?`;
  const whole = timeIn(name, /^sentimentagent-(\d{8}T\d{6}Z)\.db$/);
  const partial = timeIn(
    name,
    new RegExp(String.raw`^\.sentimentagent-(\d{8}T\d{6}Z)\.db\.\d+\.partial${side}$`),
  );
  const replaced = name.startsWith(`${database}.replaced-`)
    ? timeIn(
        name.slice(database.length),
        new RegExp(String.raw`^\.replaced-(\d{8}T\d{6}Z)${side}$`),
      )
    : null;
  if (partial !== null) return nowMs - partial > PARTIAL_MS;
  const made = whole ?? replaced;
  if (made === null) return false;
  const ageMs = nowMs - made;
  return nextLookMs === 0
    ? ageMs > keepDays * DAY_MS
    : ageMs + nextLookMs > keepDays * DAY_MS + SLACK_MS;
}

function timeIn(name: string, pattern: RegExp): number | null {
  const stamp = pattern.exec(name)?.[1];
  if (stamp === undefined) return null;
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = Date.parse(iso);
  return Number.isNaN(time) ? null : time;
}
