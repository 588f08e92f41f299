import type { Json } from './values.js';

const MASK = 0xffff_ffff_ffff_ffffn;
const C1 = 0x87c3_7b91_1142_53d5n;
const C2 = 0x4cf5_ad43_2745_937fn;

/** First key of the second of a container's two ranges: the middle of what a hash can be. */
export const MIDDLE = '1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF';

/**
 * The effective partition key of version 2 of the hash, as clients compute it too: 32 digits,
 * the two highest bits zero. An empty array stands for a partition key that is not there.
 */
export function effectiveKey(value: Json): string {
  const bytes = hash128(encoded(value)).reverse();
  bytes[0] = (bytes[0] ?? 0) & 0x3f;
  return Buffer.from(bytes).toString('hex').toUpperCase();
}

/** One byte for the type, then the value; a string ends with 0xFF, which UTF-8 never has. */
function encoded(value: Json): Buffer {
  if (typeof value === 'string') {
    return Buffer.concat([Buffer.of(0x08), Buffer.from(value, 'utf8'), Buffer.of(0xff)]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0x05);
    bytes.writeDoubleLE(value, 1);
    return bytes;
  }
  if (typeof value === 'boolean') return Buffer.of(value ? 0x03 : 0x02);
  return Buffer.of(value === null ? 0x01 : 0x00);
}

/** MurmurHash3 for 64-bit machines, 128 bits, seed 0; lowest byte first. */
function hash128(bytes: Buffer): number[] {
  let h1 = 0n;
  let h2 = 0n;
  const whole = bytes.length - (bytes.length % 16);
  for (let at = 0; at < whole; at += 16) {
    h1 ^= first(bytes.readBigUInt64LE(at));
    h1 = (((rotated(h1, 27n) + h2) & MASK) * 5n + 0x52dc_e729n) & MASK;
    h2 ^= second(bytes.readBigUInt64LE(at + 8));
    h2 = (((rotated(h2, 31n) + h1) & MASK) * 5n + 0x3849_5ab5n) & MASK;
  }
  const tail = Buffer.alloc(16);
  bytes.copy(tail, 0, whole);
  // A tail of zeros changes nothing, since zero times anything is zero.
  h2 ^= second(tail.readBigUInt64LE(8));
  h1 ^= first(tail.readBigUInt64LE(0));
  h1 ^= BigInt(bytes.length);
  h2 ^= BigInt(bytes.length);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  h1 = mixed(h1);
  h2 = mixed(h2);
  h1 = (h1 + h2) & MASK;
  h2 = (h2 + h1) & MASK;
  const result = Buffer.alloc(16);
  result.writeBigUInt64LE(h1, 0);
  result.writeBigUInt64LE(h2, 8);
  return [...result];
}

function first(block: bigint): bigint {
  return (rotated((block * C1) & MASK, 31n) * C2) & MASK;
}

function second(block: bigint): bigint {
  return (rotated((block * C2) & MASK, 33n) * C1) & MASK;
}

function rotated(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function mixed(value: bigint): bigint {
  let hash = value ^ (value >> 33n);
  hash = (hash * 0xff51_afd7_ed55_8ccdn) & MASK;
  hash ^= hash >> 33n;
  hash = (hash * 0xc4ce_b9fe_1a85_ec53n) & MASK;
  return hash ^ (hash >> 33n);
}
