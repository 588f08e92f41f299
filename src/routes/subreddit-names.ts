import { toIso } from '../clock.js';
import { AppError } from '../errors.js';
import type { RouteContext } from './context.js';
import { nearest, quoted } from './nearest.js';

/**
 * The name as it is stored, whatever case the client wrote it in; undefined for all together.
 * Configured subreddits, and those with items in memory, are known without asking the store; one
 * that is no longer configured can still be asked for as long as the store has it.
 *
 * @throws AppError `unknown_subreddit`, naming the closest one.
 */
export async function resolveSubreddit(
  given: string | undefined,
  { config, store, clock, rollups }: RouteContext,
): Promise<string | undefined> {
  if (given === undefined || given.toLowerCase() === 'all') return undefined;
  const configured = find(given, config.subreddits) ?? find(given, rollups.names());
  if (configured !== undefined) return configured;
  const stored = (await store.subreddits(toIso(clock.now()))).map(({ name }) => name);
  const found = find(given, stored);
  if (found !== undefined) return found;
  const near = nearest(given, [...config.subreddits, ...stored]);
  throw new AppError(
    'unknown_subreddit',
    `There is no subreddit ${quoted(given)} here: ` +
      (near === null ? `it takes one of ${config.subreddits.join(', ')}` : `did you mean ${near}?`),
    { details: near === null ? {} : { closest: near } },
  );
}

function find(given: string, names: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  return names.find((name) => name.toLowerCase() === wanted);
}
