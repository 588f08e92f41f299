import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileBytes, unpacked } from '../bytes.js';
import { AppError } from '../errors.js';
import { readLines } from '../ndjson.js';
import type { Random } from '../simulator/random.js';
import { commentLength, inventedTexts, type Texts } from './texts.js';

/** Relative to the folder; posts and comments in Reddit's shape, bare or as `{kind, data}`. */
const FILES = [
  'bulk/posts.ndjson.gz',
  'wire/t3_posts.ndjson.gz',
  'wire/t1_comments.ndjson.gz',
  'sentiment/goemotions3_train.ndjson.gz',
];
/** Texts of about the wanted length from which one is picked. */
const NEIGHBOURS = 200;
const GONE = /^\s*(\[deleted\]|\[removed\])?\s*$/;

interface Shelf {
  posts: { title: string; body: string | null }[];
  comments: string[];
}

/**
 * Real texts of the recordings in a folder, or our own sentences where there is no such
 * folder. Holds about 40 MB.
 *
 * @param required the folder was asked for by name.
 * @throws AppError `invalid_request` for a folder without recordings that was asked for, and
 * for a file that cannot be read.
 */
export async function loadTexts(folder: string, required: boolean): Promise<Texts> {
  const shelf: Shelf = { posts: [], comments: [] };
  for (const name of FILES) await readInto(shelf, join(folder, name));
  if (shelf.posts.length > 0 && shelf.comments.length > 0) return recordedTexts(shelf);
  if (!required) return inventedTexts;
  throw new AppError('invalid_request', `${folder} has no recorded posts and comments`, {
    cure: `give a folder with ${FILES.join(', ')}, or leave --texts out`,
  });
}

export function recordedTexts({ posts, comments }: Shelf): Texts {
  const byLength = [...new Set(comments)].sort(
    (a, b) => a.length - b.length || (a < b ? -1 : Number(a > b)),
  );
  return {
    origin: 'recorded',
    post: (random) => random.pick(posts),
    comment: (random) => nearLength(byLength, commentLength(random), random),
  };
}

/** One of the texts that come nearest; `byLength` ascends. */
function nearLength(byLength: readonly string[], length: number, random: Random): string {
  let low = 0;
  let high = byLength.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((byLength[middle]?.length ?? 0) < length) low = middle + 1;
    else high = middle;
  }
  // Few texts are long, and those differ much: the neighbourhood shrinks towards that end.
  const reach = Math.min(NEIGHBOURS, byLength.length - low, low) >>> 1;
  const at = low - reach + random.integer(2 * reach + 1);
  return byLength[Math.min(at, byLength.length - 1)] ?? '';
}

async function readInto(shelf: Shelf, path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found === null) return;
  try {
    for await (const { text } of readLines(unpacked(fileBytes(path)))) {
      if (text !== null && text !== '') take(shelf, JSON.parse(text));
    }
  } catch (error) {
    throw new AppError('invalid_request', `${path}: ${(error as Error).message}`, {
      cause: error,
      cure: 'mend the file, or give another folder with --texts',
    });
  }
}

function take(shelf: Shelf, value: unknown): void {
  const thing = value as Record<string, unknown>;
  const fields = (thing.data ?? thing) as Record<string, unknown>;
  const { title, selftext, body, text, is_self, over_18 } = fields;
  const comment = body ?? text;
  if (typeof title === 'string') {
    const adult = over_18 === true || over_18 === 'True';
    const own = is_self === true || is_self === 'True';
    const words = typeof selftext === 'string' && !GONE.test(selftext) ? selftext : '';
    if (title !== '' && !adult) shelf.posts.push({ title, body: own ? words : null });
  } else if (typeof comment === 'string' && !GONE.test(comment)) {
    shelf.comments.push(comment);
  }
}
