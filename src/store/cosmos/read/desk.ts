import { LRUCache } from 'lru-cache';
import { createGate, type Gate } from './gate.js';

/**
 * Takes questions that are computed on the event loop, each once and one after the other: side by side all of them
 * would end when nobody waits any more. What was begun is ended and kept for a while, so whoever gave up and asks the
 * same again has it.
 */
export interface Desk<T> {
  /**
   * @param question whatever the answer depends on
   * @param work computes in its turn; what it waits for before that holds up nobody
   * @throws AppError `store_busy` when too many wait for their turn, and as `work` does
   */
  ask(question: string, work: (turn: Gate) => Promise<T>): Promise<T>;
  clear(): void;
}

/** Half a second each, at a million items and for thirty days. */
const WAITING = 8;
const KEPT = 16;

export function createDesk<T>(): Desk<T> {
  const gate = createGate({ atOnce: 1, waiting: WAITING });
  const answers = new LRUCache<string, Promise<T>>({ max: KEPT });
  return {
    ask(question, work) {
      const known = answers.get(question);
      if (known !== undefined) return known;
      const answer = work(gate);
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
