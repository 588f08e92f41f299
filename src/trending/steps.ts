/** Work that takes long, in steps of a few milliseconds: after each, others may have their turn. */
export type Steps<T> = Generator<undefined, T>;

/** All of it, now: for threads that have nothing else to do. */
export function toEnd<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}
