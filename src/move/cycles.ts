import type { Cycle } from '../domain/cycle.js';
import type { Moved } from './deps.js';

const AT_ONCE = 100;

/** Every record, newest first. */
export async function* pagesOfCycles(store: Pick<Moved, 'cycles'>): AsyncGenerator<Cycle[]> {
  let page = await store.cycles({ limit: AT_ONCE });
  for (;;) {
    yield page;
    const last = page.at(-1);
    if (last === undefined || page.length < AT_ONCE) return;
    const after = { started_at: last.started_at, id: last.id };
    page = await store.cycles({ limit: AT_ONCE, after });
  }
}
