import type { WriteDeps } from './change.js';

/**
 * Moves the data version after a batch whose effect readers see; one that could not be told of
 * before is told of now. Answers the version, as far as this process knows it.
 */
export async function announce(
  { versions, memory }: Pick<WriteDeps, 'versions' | 'memory'>,
  moved: boolean,
): Promise<number> {
  if (moved || memory.owed) {
    // Set anew by whoever writes while this waits.
    memory.owed = false;
    try {
      memory.version = await versions.bump();
    } catch (error) {
      memory.owed = true;
      throw error;
    }
  }
  memory.version ??= (await versions.read()).n;
  return memory.version;
}
