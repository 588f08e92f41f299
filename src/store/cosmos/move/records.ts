import { fullname } from '../../../domain/item.js';
import type { Cycle } from '../../../domain/cycle.js';
import { AppError } from '../../../errors.js';
import type { HeldRecords } from '../../move-store.js';
import type { Account, Operation } from '../account.js';
import type { Control } from '../control/control.js';
import {
  type ImportDocument,
  type JobDocument,
  jobId,
  SCOPE,
  UPKEEP_ID,
} from '../control/documents.js';
import { importDocument, progressOf } from '../control/notes.js';
import { cycleDocument } from '../control/records.js';
import { OMISSIONS_ID, type OmissionsDocument, partitionOf } from '../documents/documents.js';
import { blankingOperations, heldBlankings } from './blankings.js';

type Kept = Pick<Control, 'upkeepState' | 'rateBudget' | 'omissions'>;

export async function heldRecords(account: Account, control: Kept): Promise<HeldRecords> {
  const all = async <T>(kind: string): Promise<T[]> =>
    account.control.query<T>('heldRecords', {
      text: 'SELECT * FROM c WHERE c.kind = @kind',
      parameters: { '@kind': kind },
      partition: SCOPE,
    });
  const jobs = await all<JobDocument>('job');
  const imports = await all<ImportDocument>('import');
  return {
    upkeep: await control.upkeepState(),
    rate_budget: await control.rateBudget(),
    jobs: jobs
      .map(({ id, succeeded_at }) => ({ job: id.slice(jobId('').length), succeeded_at }))
      .sort((a, b) => (a.job < b.job ? -1 : 1)),
    imports: imports.map(progressOf).sort((a, b) => (a.key < b.key ? -1 : 1)),
    omissions: await control.omissions(Number.POSITIVE_INFINITY),
    blankings: await heldBlankings(account),
  };
}

/** Operations of one batch; records are small. */
const AT_ONCE = 50;

/** Records of another store's: they were never run under a lease of this one. */
export async function putCycles(account: Account, cycles: readonly Cycle[]): Promise<void> {
  const by = { holder: '', epoch: 0 };
  await writeAll(
    account,
    cycles.map((cycle) => ({ kind: 'upsert', document: cycleDocument(cycle, by) })),
  );
}

/** What jobs have done comes last: it speaks of a store that has the rest. */
export async function putRecords(
  account: Account,
  records: HeldRecords,
  control: Pick<Control, 'saveRateBudget'>,
): Promise<void> {
  await putOmissions(account, records);
  await writeAll(account, await blankingOperations(account, records.blankings));
  if (records.rate_budget !== null) await control.saveRateBudget(records.rate_budget);
  const upkeep = { id: UPKEEP_ID, scope: SCOPE, kind: 'upkeep', epoch: 0, ...records.upkeep };
  const jobs = records.jobs.map(({ job, succeeded_at }) => ({
    ...{ id: jobId(job), scope: SCOPE, kind: 'job', succeeded_at },
  }));
  const imports = records.imports.map((progress) => importDocument(progress, EPOCH));
  await writeAll(
    account,
    [upkeep, ...imports, ...jobs].map((document) => ({ kind: 'upsert', document })),
  );
}

/** When an import was last noted is for people who look at it; it is not carried over. */
const EPOCH = '1970-01-01T00:00:00.000Z';

async function writeAll(account: Account, operations: readonly Operation[]): Promise<void> {
  for (let at = 0; at < operations.length; at += AT_ONCE) {
    const some = operations.slice(at, at + AT_ONCE);
    refuseUndone((await account.control.batch('putRecords', SCOPE, some)).done);
  }
}

function refuseUndone(done: boolean): void {
  if (!done) throw new AppError('internal', 'The store refuses records of another one');
}

async function putOmissions(account: Account, { omissions }: HeldRecords): Promise<void> {
  const documents = new Map<string, OmissionsDocument>();
  for (const { subreddit: name, times, first_at, ...item } of omissions) {
    const subreddit = partitionOf(name);
    const document = documents.get(subreddit) ?? {
      ...{ id: OMISSIONS_ID, subreddit, name, ttl: -1, kind: 'omissions', omitted: {} },
    };
    document.omitted[fullname(item)] = { times, first_at };
    documents.set(subreddit, document);
  }
  for (const [partition, document] of documents) {
    const operations: Operation[] = [{ kind: 'upsert', document }];
    refuseUndone((await account.items.batch('putRecords', partition, operations)).done);
  }
}
