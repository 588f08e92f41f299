const SLAB_BYTES = 64 * 1024;

/**
 * Keeps texts as bytes in buffers that many share: Node's own pool of 8 KB leaves a third of it
 * unused for items of 1 KB, and a buffer for each costs more than it holds.
 *
 * @param bytes the length of the text in UTF-8.
 */
export function createSlabs(): (text: string, bytes: number) => Buffer {
  let slab = Buffer.alloc(0);
  let used = 0;
  return (text, bytes) => {
    if (bytes > SLAB_BYTES / 4) return Buffer.from(text);
    if (used + bytes > slab.length) {
      slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
      used = 0;
    }
    const kept = slab.subarray(used, used + bytes);
    used += kept.write(text);
    return kept;
  };
}
