import { createHash } from 'node:crypto';
import { type Clock, toIso } from '../../../clock.js';
import type { ImportProgress, ImportStore } from '../../import-store.js';
import type { KeepStore } from '../../keep-store.js';
import type { CollectStore } from '../../store.js';
import type { Account } from '../account.js';
import { overwrite, readDocument } from './change.js';
import {
  type ImportDocument,
  type JobDocument,
  jobId,
  RATE_BUDGET_ID,
  type RateBudgetDocument,
  SCOPE,
} from './documents.js';

type Notes = Pick<CollectStore, 'rateBudget' | 'saveRateBudget'> &
  Pick<KeepStore, 'jobSuccess' | 'noteJobSuccess'> &
  Pick<ImportStore, 'importProgress' | 'saveImport'>;

/** What processes note for those that come after them. The last one counts; readers do not see it. */
export function cosmosNotes(deps: { account: Pick<Account, 'control'>; clock: Clock }): Notes {
  const { clock } = deps;
  const { control } = deps.account;
  return {
    rateBudget: async () => {
      const at = { shape: 'rateBudget', id: RATE_BUDGET_ID };
      const seen = await readDocument<RateBudgetDocument>(control, at);
      if (seen === null) return null;
      const { sentAt, remaining, resetAt, blockedUntil } = seen.document;
      return { sentAt, remaining, resetAt, blockedUntil };
    },
    saveRateBudget: async ({ sentAt, remaining, resetAt, blockedUntil }) => {
      const budget = { sentAt, remaining, resetAt, blockedUntil };
      const own = { id: RATE_BUDGET_ID, scope: SCOPE, kind: 'rate_budget' } as const;
      await overwrite(control, 'rateBudget', { ...own, ...budget } satisfies RateBudgetDocument);
    },
    jobSuccess: async (job) => {
      const seen = await readDocument<JobDocument>(control, { shape: 'job', id: jobId(job) });
      return seen?.document.succeeded_at ?? null;
    },
    noteJobSuccess: async (job) => {
      const own = { id: jobId(job), scope: SCOPE, kind: 'job' } as const;
      const document: JobDocument = { ...own, succeeded_at: toIso(clock.now()) };
      await overwrite(control, 'job', document);
    },
    importProgress: async (key) => {
      const at = { shape: 'import', id: importId(key) };
      const seen = await readDocument<ImportDocument>(control, at);
      return seen === null ? null : progressOf(seen.document);
    },
    saveImport: async (progress) => {
      const own = { id: importId(progress.key), scope: SCOPE, kind: 'import' } as const;
      const updated_at = toIso(clock.now());
      const document: ImportDocument = { ...progressOf(progress), ...own, updated_at };
      await overwrite(control, 'import', document);
    },
  };
}

/** Keys may hold what an id may not. */
function importId(key: string): string {
  return `import:${createHash('sha256').update(key).digest('hex')}`;
}

function progressOf({ key, file, lines, shift_ms, counts, finished }: ImportProgress) {
  return { key, file, lines, shift_ms, counts, finished } satisfies ImportProgress;
}
