import { appendFileSync } from 'node:fs';
import type { Store } from '../../src/store/store.js';

/** Every call of a cycle that writes what readers see. */
const WRITES = [
  ...(['beginCycle', 'commit', 'updateCycle', 'finishCycle'] as const),
  ...(['threadRead', 'settleGap', 'noteAnswers', 'blank', 'saveUpkeepState'] as const),
];
type Write = (typeof WRITES)[number];

/**
 * A store under which the process gets `signal` before or after its n-th write
 * (`before:3`, `after:3`, counted from 1; empty: never). Each write is noted in `journal`,
 * with the time.
 */
export function dyingStore(
  store: Store,
  point: string,
  journal: string,
  signal: NodeJS.Signals,
): Store {
  const [when, at] = point.split(':');
  let writes = 0;
  const die = () => process.kill(process.pid, signal);
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      const call = method.bind(target) as (...args: unknown[]) => Promise<unknown>;
      if (!WRITES.includes(name as Write)) return call;
      return async (...args: unknown[]) => {
        writes += 1;
        const here = writes === Number(at);
        if (here && when === 'before') die();
        const result = await call(...args);
        appendFileSync(journal, `${String(name)} ${Date.now()}\n`);
        if (here && when === 'after') die();
        return result;
      };
    },
  });
}
