import type { Cycle } from '../../../domain/cycle.js';
import type { CyclesQuery } from '../../store.js';
import type { Container, Query, Versioned } from '../account.js';
import { type CycleDocument, cycleDocumentId, SCOPE, type Seen, seenOf } from './documents.js';

export function cycleDocument(
  { id, ...record }: Cycle,
  { holder, epoch }: Pick<CycleDocument, 'holder' | 'epoch'>,
): CycleDocument {
  const own = { id: cycleDocumentId(id), scope: SCOPE, kind: 'cycle', cycle_id: id } as const;
  return { ...record, ...own, holder, epoch };
}

/** The record, without what the store needs. */
export function cycleOf(document: CycleDocument): Cycle {
  const { cycle_id: id, started_at, finished_at, status, trigger, subreddits, errors } = document;
  const { memory_start_mb, memory_end_mb, duration_ms, upkeep } = document;
  return {
    ...{ id, started_at, finished_at, status, trigger, subreddits, errors },
    ...{ memory_start_mb, memory_end_mb, duration_ms, upkeep },
  };
}

/** There is one at most, but for what was brought here from elsewhere. */
const MAX_RUNNING = 50;

export async function runningCycles(
  control: Container,
  shape: string,
): Promise<Seen<CycleDocument>[]> {
  const found = await control.query<Versioned<CycleDocument>>(shape, {
    text: `SELECT TOP ${MAX_RUNNING} * FROM c WHERE c.kind = 'cycle' AND c.status = 'running'`,
    parameters: {},
    partition: SCOPE,
  });
  return found.map(seenOf);
}

export async function pageOfCycles(control: Container, query: CyclesQuery): Promise<Cycle[]> {
  const found = await control.query<CycleDocument>('cycles', pageQuery(query));
  return found.map(cycleOf);
}

/** `kind` leads the order, as it leads the composite index. Ids have one prefix, so they keep their order. */
export const NEWEST_FIRST = 'ORDER BY c.kind DESC, c.started_at DESC, c.id DESC';

function pageQuery({ limit, status, after }: CyclesQuery): Query {
  const conditions = [
    "c.kind = 'cycle'",
    ...(status === undefined ? [] : ['c.status = @status']),
    ...(after === undefined
      ? []
      : ['(c.started_at < @startedAt OR (c.started_at = @startedAt AND c.id < @id))']),
  ];
  return {
    text: `SELECT TOP @limit * FROM c WHERE ${conditions.join(' AND ')} ${NEWEST_FIRST}`,
    parameters: {
      '@limit': limit,
      ...(status !== undefined && { '@status': status }),
      ...(after && { '@startedAt': after.started_at, '@id': cycleDocumentId(after.id) }),
    },
    partition: SCOPE,
  };
}
