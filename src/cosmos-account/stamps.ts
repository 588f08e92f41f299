import type { Clock } from '../clock.js';

/** What the system gives to everything that is made: never the same twice within an account. */
export interface Stamps {
  /** Seconds since the epoch. */
  seconds(): number;
  /** With the quotation marks that belong to it. */
  etag(): string;
  /** Four bytes: one part of a resource id. */
  ridPart(): Buffer;
}

export function createStamps(clock: Clock): Stamps {
  let etags = 0;
  let parts = 0;
  const seconds = () => Math.floor(clock.now() / 1000);
  return {
    seconds,
    etag() {
      etags += 1;
      const count = etags.toString(16).padStart(8, '0');
      return `"${count}-0000-0100-0000-${seconds().toString(16).padStart(8, '0')}0000"`;
    },
    ridPart() {
      parts += 1;
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(0x1000_0000 + parts);
      return bytes;
    },
  };
}

/** Bytes as resource ids are written: base64 with `-` for `/`, which a path could not hold. */
export function ridOf(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('/', '-');
}

export function bytesOfRid(rid: string): Buffer {
  return Buffer.from(rid.replaceAll('-', '/'), 'base64');
}
