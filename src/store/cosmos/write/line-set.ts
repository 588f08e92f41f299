import { fullname, type IsoTime, type ItemName } from '../../../domain/item.js';
import { hourOf } from '../../../domain/rollup.js';
import type { Line } from '../documents/lines.js';

/** Lines of some hours of a partition, and what a change makes of them. */
export interface LineSet {
  /** As they are stored; hours that are there already stay as the change has made them. */
  load(hours: ReadonlyMap<IsoTime, readonly Line[]>): void;
  get(name: ItemName): Line | undefined;
  /** Sets the line of an item; one that it had in another hour goes. */
  put(line: Line): void;
  remove(name: ItemName): void;
  /** Every line of each hour that a change has touched. */
  changed(): Map<IsoTime, Line[]>;
  /** How many more there are than were loaded. */
  added(): number;
}

export function createLineSet(): LineSet {
  /** By hour, then by fullname. */
  const hours = new Map<IsoTime, Map<string, Line>>();
  /** By fullname. */
  const places = new Map<string, IsoTime>();
  const touched = new Set<IsoTime>();
  let loaded = 0;

  const hourAt = (hour: IsoTime) => {
    const lines = hours.get(hour) ?? new Map<string, Line>();
    hours.set(hour, lines);
    return lines;
  };
  const remove = (name: ItemName) => {
    const key = fullname(name);
    const hour = places.get(key);
    if (hour === undefined) return;
    hourAt(hour).delete(key);
    places.delete(key);
    touched.add(hour);
  };
  return {
    load: (stored) => {
      for (const [hour, lines] of stored) {
        if (hours.has(hour)) continue;
        hours.set(hour, new Map(lines.map((line) => [fullname(line), line])));
        for (const line of lines) places.set(fullname(line), hour);
        loaded += lines.length;
      }
    },
    get: (name) => {
      const key = fullname(name);
      const hour = places.get(key);
      return hour === undefined ? undefined : hours.get(hour)?.get(key);
    },
    put: (line) => {
      const key = fullname(line);
      const hour = hourOf(line.created_utc);
      if (places.get(key) !== hour) remove(line);
      hourAt(hour).set(key, line);
      places.set(key, hour);
      touched.add(hour);
    },
    remove,
    changed: () => new Map([...touched].map((hour) => [hour, [...hourAt(hour).values()]])),
    added: () => [...hours.values()].reduce((sum, lines) => sum + lines.size, 0) - loaded,
  };
}
