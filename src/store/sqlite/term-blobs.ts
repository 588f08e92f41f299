import { LABELS } from '../../domain/item.js';
import type { PostColumns } from '../../trending/columns.js';
import { TERMS_VERSION } from '../../trending/terms.js';

/**
 * Posts' columns as bytes: four 32-bit numbers (version, posts, words, 0), then created, upvotes
 * and comments as 64-bit floats, the ends of the words and the words as 32-bit numbers, labels as
 * bytes, ids as text with line ends between. Numbers are in the machine's order: on a machine with the other order
 * the version differs.
 */
const VERSION = 1000 * TERMS_VERSION + 1;
const HEADER_BYTES = 16;
const BYTES_PER_POST = 3 * 8 + 4 + 1;
const BYTES_PER_WORD = 8;

export function encodeColumns(columns: PostColumns): Buffer {
  const { created, upvotes, comments, ends, words, labels } = columns;
  const header = Uint32Array.of(VERSION, created.length, words.length / 2, 0);
  const parts = [header, created, upvotes, comments, ends, words, labels].map(bytesOf);
  return Buffer.concat([...parts, Buffer.from(columns.ids().join('\n'))]);
}

/** Null for what this code did not write, or not so. */
export function decodeColumns(blob: Buffer): PostColumns | null {
  if (blob.byteLength < HEADER_BYTES) return null;
  const bytes = blob.byteOffset % 8 === 0 ? blob : Buffer.from(Uint8Array.from(blob).buffer);
  const { buffer, byteOffset } = bytes;
  const [version, posts = 0, words = 0] = new Uint32Array(buffer, byteOffset, 4);
  const idsAt = HEADER_BYTES + posts * BYTES_PER_POST + words * BYTES_PER_WORD;
  if (version !== VERSION || posts === 0 || idsAt > bytes.byteLength) return null;
  let at = byteOffset + HEADER_BYTES;
  const floats = () => {
    const column = new Float64Array(buffer, at, posts);
    at += 8 * posts;
    return column;
  };
  const integers = (length: number) => {
    const column = new Uint32Array(buffer, at, length);
    at += 4 * length;
    return column;
  };
  const [created, upvotes, comments] = [floats(), floats(), floats()];
  const [ends, pairs] = [integers(posts), integers(2 * words)];
  const labels = new Uint8Array(buffer, at, posts);
  if (!areEnds(ends, words) || labels.some((label) => label >= LABELS.length)) return null;
  return {
    ids: () => bytes.toString('utf8', idsAt).split('\n'),
    ...{ created, upvotes, comments, ends, words: pairs, labels },
  };
}

function areEnds(ends: Uint32Array, words: number): boolean {
  let before = 0;
  for (const end of ends) {
    if (end < before) return false;
    before = end;
  }
  return before === words;
}

function bytesOf(array: Uint8Array | Uint32Array | Float64Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}
