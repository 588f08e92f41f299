export interface Line {
  /** From 1. */
  number: number;
  /** Without its end; null: longer than the limit, and not kept. */
  text: string | null;
}

/** No object of Reddit's comes near it; whatever does is no line of a dump. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * The lines of a stream, one at a time, holding at most one of them. Invalid UTF-8 becomes
 * U+FFFD, a byte order mark at the start is left out, an empty last line is none. When the
 * stream fails, every whole line before comes first, and the broken one not at all.
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array>,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<Line> {
  let number = 0;
  let held: Uint8Array[] = [];
  let length = 0;

  const hold = (piece: Uint8Array) => {
    length += piece.length;
    if (length > maxLineBytes) held = [];
    else if (piece.length > 0) held.push(piece);
  };
  const take = (): Line => {
    const tooLong = length > maxLineBytes;
    const text = tooLong ? null : Buffer.concat(held).toString('utf8').replace(/\r$/, '');
    held = [];
    length = 0;
    number += 1;
    return { number, text: number === 1 && text !== null ? text.replace(/^\uFEFF/, '') : text };
  };

  for await (const piece of bytes) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      hold(piece.subarray(start, end));
      yield take();
      start = end + 1;
    }
    hold(piece.subarray(start));
  }
  if (length > 0) yield take();
}
