/** Escape sequences of terminals, then control characters and those that turn the writing round. */
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/** Text from outside as one plain line of at most `max` characters. */
export function oneLine(text: string, max: number): string {
  const line = withoutEscapes(text.slice(0, 4 * max))
    .replace(UNPRINTABLE, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  // Half a character would be left where a pair is cut.
  return line.length <= max ? line : `${line.slice(0, max).replace(/[\ud800-\udbff]$/, '')}…`;
}
