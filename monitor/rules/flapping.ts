/**
 * Whether a subject keeps changing between well and failing, as Nagios does it ("Detection and
 * Handling of State Flapping"): by the number of changes among the last looks, with one threshold
 * to begin and a lower one to end.
 */
const REMEMBERED = 20;
const BEGINS_AT = 6;
const ENDS_AT = 4;

/** @param history `o` and `x`, oldest first. */
export function remember(history: string, failing: boolean): string {
  return (history + (failing ? 'x' : 'o')).slice(-REMEMBERED);
}

/** Changes among the last looks. */
export function changes(history: string): number {
  return [...history].filter((look, index) => index > 0 && look !== history[index - 1]).length;
}

export function beginsToFlap(history: string): boolean {
  return changes(history) >= BEGINS_AT;
}

/** While it does, an incident is not over, however well the last looks were. */
export function stillFlaps(history: string): boolean {
  return changes(history) > ENDS_AT;
}
