import { DAY_MS, HOUR_MS } from '../domain/window.js';
import { hash32, type Random, randomFrom } from '../simulator/random.js';
import { MOODS, TITLES } from '../simulator/sentences.js';

/** Something happened, and a community talks about it for a while. */
const PRODUCTS = 'Aurora Basalt Cobalt Drift Ember Fjord Garnet Helix Indigo Juniper Krill Lumen';
const VERSIONS = ['2', '3.5', '4', 'Pro', 'Nano', 'Turbo', 'Cloud', 'Studio'] as const;
const EVENTS = ['launch', 'outage', 'pricing', 'benchmark', 'layoffs', 'leak'] as const;
const NAMES = PRODUCTS.split(' ');

const CHANCE_PER_DAY = 0.3;

/** What a subreddit is talking about at a time; the same for the same seed. Mostly nothing. */
export function themeAt(seed: number, subreddit: string, atMs: number): string | null {
  const day = Math.floor(atMs / DAY_MS);
  // What began yesterday may go on.
  for (const began of [day, day - 1]) {
    const random = randomFrom(hash32(`theme ${seed} ${subreddit.toLowerCase()} ${began}`));
    if (!random.chance(CHANCE_PER_DAY)) continue;
    const fromMs = began * DAY_MS + random.integer(24) * HOUR_MS;
    const toMs = fromMs + (3 + random.exponential(8)) * HOUR_MS;
    if (atMs < fromMs || atMs >= toMs) continue;
    return `${random.pick(NAMES)} ${random.pick(VERSIONS)} ${random.pick(EVENTS)}`;
  }
  return null;
}

export function titleOn(theme: string, random: Random): string {
  const title = random.pick(TITLES[random.pick(MOODS)]);
  return title.replace('{tool}', () => theme).replace('{task}', () => 'our code');
}
