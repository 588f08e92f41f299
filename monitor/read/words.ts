/** Times and amounts as people read them. Pure. */

/** `2026-01-15T12:00:00Z`: UTC, to the second. */
export function utc(iso: string): string {
  return iso.replace(/\.\d+Z$/, 'Z');
}

const UNITS: readonly [name: string, seconds: number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** Its two greatest units: `2 hours 5 minutes`, `40 seconds`; under a second, `less than a second`. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.round(ms / 1000));
  const parts: string[] = [];
  let rest = total;
  for (const [name, seconds] of UNITS) {
    const many = Math.floor(rest / seconds);
    rest -= many * seconds;
    if (many > 0) parts.push(count(many, name));
    else if (parts.length > 0) break; // `1 day 3 seconds` would claim too much
    if (parts.length === 2) break;
  }
  return parts.length === 0 ? 'less than a second' : parts.join(' ');
}

/** `1 restart`, `2 restarts`. */
export function count(many: number, name: string): string {
  return many === 1 ? `1 ${name}` : `${many} ${name}s`;
}
