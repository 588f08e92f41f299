/** Names of subreddits as titles write them: never a term, nor part of one. */
export interface Names {
  words: ReadonlySet<string>;
  /** Two words with a space between. */
  pairs: ReadonlySet<string>;
}

export const NO_NAMES: Names = { words: new Set(), pairs: new Set() };

/**
 * r/MachineLearning is written machinelearning, machine-learning, machine_learning and machine
 * learning. The parts of a name are not names: "learning" may be a theme.
 */
export function namesOf(subreddits: readonly string[]): Names {
  const words = new Set<string>();
  const pairs = new Set<string>();
  for (const name of subreddits) {
    const parts = partsOf(name);
    words.add(name.toLowerCase());
    for (const joint of ['', '-', '_']) words.add(parts.join(joint));
    if (parts.length === 2) pairs.add(parts.join(' '));
  }
  return { words, pairs };
}

/** `ChatGPTCoding` → chat, gpt, coding; `Gpt4_Chat` → gpt4, chat. */
function partsOf(name: string): string[] {
  return name
    .split(/_+|-+|(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/)
    .filter((part) => part !== '')
    .map((part) => part.toLowerCase());
}
