/** Escape sequences of terminals, then control characters and those that turn the writing round. */
const ESCAPES = /\u001b\[[0-9;?]*[A-Za-z]/g;
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

export function withoutEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/** Text from outside as one plain, well-formed line of at most `max` characters. */
export function oneLine(text: string, max = 4000): string {
  const line = withoutEscapes(text.slice(0, 4 * max))
    .replace(UNPRINTABLE, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return (line.length <= max ? line : `${line.slice(0, max - 1)}…`).toWellFormed();
}

/** `12 s` up to two minutes, `4 min` up to two hours, then `3 h 20 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
