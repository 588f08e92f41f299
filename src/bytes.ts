import { createHash } from 'node:crypto';
import { constants, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal } from 'node:stream';
import { createGunzip } from 'node:zlib';

type Bytes = AsyncIterable<Uint8Array>;

const PIECE_BYTES = 256 * 1024;

/**
 * The content of a file in pieces. A read that fails throws at its place, after every piece
 * before it: a stream would drop what it has read ahead.
 * @throws the file system's error.
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * What is written to a named pipe until its last writer is gone; waits for the first. Read as
 * a socket is: a file's read would hold a thread while nobody writes, which neither `signal`
 * nor the process's exit could end.
 * @throws the file system's error; AbortError when `signal` aborts.
 */
export async function* pipeBytes(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false });
  yield* addAbortSignal(signal, pipe) as AsyncIterable<Uint8Array>;
}

/**
 * Names the content of a file, whatever it is called: its size and its SHA-256. Means nothing
 * when `signal` cut it short.
 */
export async function fingerprint(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of fileBytes(path)) {
    hash.update(piece);
    size += piece.length;
    if (signal.aborted) break;
  }
  return `${size}-${hash.digest('hex')}`;
}

/** First bytes of what we do not unpack, and what would: Pushshift's dumps are zstd. */
const FOREIGN: readonly [magic: string, cure: string][] = [
  ['28b52ffd', 'it is packed with zstd: use zstd -dc FILE | npm run import -- -'],
  ['fd377a58', 'it is packed with xz: use xz -dc FILE | npm run import -- -'],
  ['425a68', 'it is packed with bzip2: use bzip2 -dc FILE | npm run import -- -'],
  ['504b0304', 'it is a zip archive: use unzip -p FILE | npm run import -- -'],
  ['fffe', 'it is UTF-16: use iconv -f UTF-16 -t UTF-8 FILE | npm run import -- -'],
  ['feff', 'it is UTF-16: use iconv -f UTF-16 -t UTF-8 FILE | npm run import -- -'],
];
const LONGEST_MAGIC = 4;

/**
 * Gzip is recognised by its first two bytes, whatever the content is called.
 * @throws Error that says what would read content of another known format.
 */
export async function* unpacked(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const source = bytes[Symbol.asyncIterator]();
  try {
    let start = Buffer.alloc(0);
    while (start.length < LONGEST_MAGIC) {
      const next = await source.next();
      if (next.done === true) break;
      start = Buffer.concat([start, next.value]);
    }
    const begins = start.toString('hex', 0, LONGEST_MAGIC);
    const foreign = FOREIGN.find(([magic]) => begins.startsWith(magic));
    if (foreign !== undefined) throw new Error(foreign[1]);
    const whole = startingWith(start, source);
    yield* begins.startsWith('1f8b') ? gunzipped(whole) : whole;
  } finally {
    await source.return?.();
  }
}

async function* startingWith(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/**
 * Piece by piece, with nothing read ahead: what precedes a damage or the end of a truncated
 * file comes out before the error is thrown, which `pipe` does not promise.
 */
async function* gunzipped(packed: Bytes): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  let failure: Error | null = null;
  let wake = () => {};
  gunzip.on('readable', () => wake());
  gunzip.on('end', () => wake());
  gunzip.on('error', (error) => {
    failure = error;
    wake();
  });
  /** All that comes out until `finished` says that nothing more will. */
  async function* output(finished: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const piece = gunzip.read() as Buffer | null;
      if (piece !== null) yield piece;
      else if (failure !== null) throw failure;
      else if (finished()) return;
      else await woken;
    }
  }
  try {
    for await (const piece of packed) {
      let taken = false;
      gunzip.write(piece, () => {
        taken = true;
        wake();
      });
      yield* output(() => taken || gunzip.readableEnded);
      if (gunzip.readableEnded) return; // what follows is no gzip; gzip(1) ignores it, too
    }
    gunzip.end();
    yield* output(() => gunzip.readableEnded);
  } finally {
    gunzip.destroy();
  }
}
