import { distance } from 'fastest-levenshtein';

/** The candidate closest to what was given, case aside; null when none comes near. */
export function nearest(given: string, candidates: readonly string[]): string | null {
  const bounded = given.slice(0, 200).toLowerCase();
  let best: { name: string; steps: number } | null = null;
  for (const name of candidates) {
    const steps = distance(bounded, name.toLowerCase());
    if (best === null || steps < best.steps) best = { name, steps };
  }
  if (best === null) return null;
  return best.steps <= Math.max(2, best.name.length * 0.6) ? best.name : null;
}

/** What a client sent, short and on one line, for an error text. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(cut);
}
