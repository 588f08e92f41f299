import { LRUCache } from 'lru-cache';
import { createGate } from './gate.js';

/**
 * Takes questions that are computed on the event loop, one after the other: side by side all of them would end
 * when nobody waits any more. What was begun is ended and kept for a while, so whoever gave up and asks the same again
 * has it.
 */
export interface Desk<T> {
  /** @param question whatever the answer depends on. @throws AppError `store_busy` when too many wait, and as `work` does */
  ask(question: string, work: () => Promise<T>): Promise<T>;
  clear(): void;
}

/** Half a second each, at a million items. */
const WAITING = 4;
const KEPT = 16;

export function createDesk<T>(): Desk<T> {
  const gate = createGate({ atOnce: 1, waiting: WAITING });
  const answers = new LRUCache<string, Promise<T>>({ max: KEPT });
  return {
    ask(question, work) {
      const known = answers.get(question);
      if (known !== undefined) return known;
      const answer = gate(work);
      answers.set(question, answer);
      // What failed may be asked anew; whoever asked handles it.
      answer.catch(() => {
        if (answers.peek(question) === answer) answers.delete(question);
      });
      return answer;
    },
    clear: () => answers.clear(),
  };
}
