import type { WriteDeps } from './change.js';

/** Answers the data version; moves it after what readers see. One that could not be moved before is now. */
export async function announce(
  { versions }: Pick<WriteDeps, 'versions'>,
  moved: boolean,
): Promise<number> {
  return moved ? versions.bump() : (await versions.read()).n;
}

/** As `announce`, at the end of a call: its intent, asked with again, is another call from now on. */
export async function announceEnd(
  deps: Pick<WriteDeps, 'versions' | 'memory'>,
  moved: boolean,
  intent: object,
): Promise<number> {
  const version = await announce(deps, moved);
  deps.memory.sent.delete(intent);
  deps.memory.parts.delete(intent);
  return version;
}
