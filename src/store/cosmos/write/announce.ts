import type { WriteDeps } from './change.js';

/** Answers the data version; moves it after what readers see. One that could not be moved before is now. */
export async function announce(
  { versions }: Pick<WriteDeps, 'versions'>,
  moved: boolean,
): Promise<number> {
  return moved ? versions.bump() : (await versions.read()).n;
}
