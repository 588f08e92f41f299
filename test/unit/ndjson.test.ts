import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { fileBytes, fingerprint, unpacked } from '../../src/bytes.js';
import { readLines } from '../../src/ndjson.js';
import { temporaryFolder } from '../support/temp.js';

const never = () => new AbortController().signal;

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Text of each line, null for one too long; and the error that ended it. */
async function lines(bytes: AsyncIterable<Uint8Array>, maxLineBytes?: number) {
  const texts: (string | null)[] = [];
  try {
    for await (const { number, text } of readLines(unpacked(bytes), maxLineBytes)) {
      texts.push(text);
      if (number !== texts.length) throw new Error(`line ${number} is number ${texts.length}`);
    }
    return { texts, error: null };
  } catch (error) {
    return { texts, error: error as Error };
  }
}

for (const [what, text, expected] of [
  ['no bytes at all', '', []],
  ['one byte', 'a', ['a']],
  ['a last line without its end', 'a\nb', ['a', 'b']],
  ['blank lines', '\n\na\n\n', ['', '', 'a', '']],
  ['ends of Windows', 'a\r\nb\r\n', ['a', 'b']],
  ['a byte order mark', '\uFEFFa\n\uFEFFb\n', ['a', '\uFEFFb']],
  ['separators that end no line', 'a\u2028b\u0085c\rd\n', ['a\u2028b\u0085c\rd']],
  ['letters of several bytes', '👩‍👩‍👧\nשלום\n', ['👩‍👩‍👧', 'שלום']],
] as [string, string, string[]][]) {
  test(`lines: ${what}, plain and packed, in pieces of any size`, async (t) => {
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      for (const size of [1, 2, 3, 1000]) {
        t.deepEqual(await lines(pieces(bytes, size)), { texts: expected, error: null }, `${size}`);
      }
    }
  });
}

test('lines are those of a split, whatever the pieces', async (t) => {
  const texts = fc.array(
    fc.string({ unit: 'binary' }).map((text) => text.replace(/[\r\n\uFEFF]/g, '')),
  );
  await fc.assert(
    fc.asyncProperty(
      texts,
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (all, size, pack) => {
        const content = Buffer.from(all.map((text) => `${text}\n`).join(''));
        const found = await lines(pieces(pack ? gzipSync(content) : content, size));
        t.deepEqual(found, { texts: all, error: null });
      },
    ),
  );
});

test('invalid UTF-8 becomes U+FFFD', async (t) => {
  const bytes = Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xe2, 0x82, 0x0a]);
  t.deepEqual((await lines(pieces(bytes, 3))).texts, ['a\uFFFDb', '\uFFFD']);
});

test('a line over the limit is null and those around it are there', async (t) => {
  const text = `ab\n${'x'.repeat(100)}\n${'y'.repeat(10)}\n${'z'.repeat(11)}`;
  for (const size of [1, 7, 1000]) {
    t.deepEqual((await lines(pieces(Buffer.from(text), size), 10)).texts, [
      ...['ab', null, 'y'.repeat(10), null],
    ]);
  }
});

test('a line without end holds no memory', async (t) => {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  let most = 0;
  const endless = async function* () {
    for (let n = 0; n < 400; n += 1) {
      yield Buffer.from(piece);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
  };
  t.deepEqual((await lines(endless())).texts, [null]);
  t.true(most < 200 * 1024 * 1024, `${most} bytes`);
});

test('several gzip members are one content; what is no gzip after them is left out', async (t) => {
  const both = Buffer.concat([gzipSync('a\n'), gzipSync('b\n')]);
  for (const size of [5, 1000]) {
    t.deepEqual(await lines(pieces(both, size)), { texts: ['a', 'b'], error: null });
    const more = Buffer.concat([both, Buffer.alloc(500)]);
    t.deepEqual(await lines(pieces(more, size)), { texts: ['a', 'b'], error: null });
  }
});

test('a truncated gzip gives every line that is whole, then an error', async (t) => {
  const all = Array.from({ length: 30_000 }, (_, n) => `line ${n} ${Math.sin(n)}`);
  const packed = gzipSync(all.join('\n'));
  let before = 0;
  for (const share of [0.2, 0.5, 0.9, 0.999]) {
    const cut = packed.subarray(0, Math.floor(packed.length * share));
    for (const size of [4096, packed.length]) {
      const { texts, error } = await lines(pieces(cut, size));
      t.regex(error?.message ?? '', /unexpected end of file/);
      t.deepEqual(texts, all.slice(0, texts.length), 'no part of a line');
      t.true(texts.length > all.length * share * 0.9, `${texts.length} of ${share}`);
      t.true(texts.length >= before);
      before = texts.length;
    }
  }
});

test('a source that fails gives every whole line before, then its error', async (t) => {
  const failing = async function* () {
    yield Buffer.from('a\nb\nc');
    throw new Error('EIO: the disk is broken');
  };
  const packed = gzipSync('a\nb\n'.repeat(9));
  const failingPacked = async function* () {
    yield packed.subarray(0, packed.length - 3);
    throw new Error('EIO: the disk is broken');
  };
  t.deepEqual(await lines(failing()), {
    texts: ['a', 'b'],
    error: new Error('EIO: the disk is broken'),
  });
  const found = await lines(failingPacked());
  t.is(found.texts.length, 18);
  t.regex(found.error?.message ?? '', /the disk is broken/);
});

test('damage inside a gzip is an error, and so is a wrong check sum', async (t) => {
  const packed = gzipSync(Array.from({ length: 3000 }, (_, n) => `${Math.cos(n)}`).join('\n'));
  for (const at of [20, Math.floor(packed.length / 2), packed.length - 6]) {
    const damaged = Buffer.from(packed);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    t.not((await lines(pieces(damaged, 1000))).error, null, `at ${at}`);
  }
});

test('whoever stops early closes the source', async (t) => {
  for (const bytes of [Buffer.from('a\nb\n'), gzipSync('a\nb\n')]) {
    let closed = false;
    const source = async function* () {
      try {
        yield bytes;
        yield bytes;
      } finally {
        closed = true;
      }
    };
    for await (const { text } of readLines(unpacked(source()))) {
      t.is(text, 'a');
      break;
    }
    t.true(closed);
  }
});

test('a fingerprint is that of the content', async (t) => {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const big = 'x'.repeat(700_000);
  const [one, same, other] = [write('a', big), write('b', big), write('c', `${big.slice(1)}y`)];
  t.is(await fingerprint(one, never()), await fingerprint(same, never()));
  t.not(await fingerprint(one, never()), await fingerprint(other, never()));
  t.regex(await fingerprint(one, never()), /^700000-[0-9a-f]{64}$/);
  await t.throwsAsync(fingerprint(join(folder, 'none'), never()), { code: 'ENOENT' });
  await t.throwsAsync(fingerprint(folder, never()), { code: 'EISDIR' });
  t.is((await lines(fileBytes(one))).texts[0], big);
});

test('content of another format says what would read it', async (t) => {
  const foreign: [start: number[], tool: RegExp][] = [
    [[0x28, 0xb5, 0x2f, 0xfd, 0], /zstd -dc FILE/],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a], /xz -dc/],
    [[0x42, 0x5a, 0x68, 0x39], /bzip2 -dc/],
    [[0x50, 0x4b, 3, 4], /unzip -p/],
    [[0xff, 0xfe, 0x7b, 0], /iconv -f UTF-16/],
  ];
  for (const [start, tool] of foreign) {
    const bytes = async function* () {
      for (const byte of start) yield Uint8Array.of(byte);
    };
    await t.throwsAsync(
      async () => {
        for await (const _ of unpacked(bytes())) t.fail();
      },
      { message: tool },
    );
  }
});
