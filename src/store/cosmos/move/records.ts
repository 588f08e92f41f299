import { fullname } from '../../../domain/item.js';
import type { Cycle } from '../../../domain/cycle.js';
import { AppError } from '../../../errors.js';
import type { Blanking, HeldRecords } from '../../move-store.js';
import type { Account, Operation } from '../account.js';
import type { Control } from '../control/control.js';
import {
  type ImportDocument,
  type JobDocument,
  jobId,
  PAUSE_ID,
  SCOPE,
  UPKEEP_ID,
} from '../control/documents.js';
import { importDocument, progressOf } from '../control/notes.js';
import { cycleDocument } from '../control/records.js';
import {
  type BlankedDocument,
  blankedId,
  OMISSIONS_ID,
  type OmissionsDocument,
  partitionOf,
} from '../documents/documents.js';

type Kept = Pick<Control, 'upkeepState' | 'pauseState' | 'rateBudget' | 'omissions'>;

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
    pause: await control.pauseState(),
    rate_budget: await control.rateBudget(),
    jobs: jobs
      .map(({ id, succeeded_at }) => ({ job: id.slice(jobId('').length), succeeded_at }))
      .sort((a, b) => (a.job < b.job ? -1 : 1)),
    imports: imports.map(progressOf).sort((a, b) => (a.key < b.key ? -1 : 1)),
    omissions: await control.omissions(Number.POSITIVE_INFINITY),
    blankings: await heldBlankings(account),
  };
}

/** The record is kept by subreddit: a cycle's parts are added up. */
async function heldBlankings({ items }: Pick<Account, 'items'>): Promise<Blanking[]> {
  const documents = await items.query<BlankedDocument>('heldRecords', {
    text: "SELECT * FROM c WHERE c.kind = 'blanked'",
    parameters: {},
    partition: null,
  });
  const found = new Map<string, Blanking>();
  for (const { cycle_id, at, counts } of documents) {
    for (const [key, items] of Object.entries(counts)) {
      const [reason = '', kind = ''] = key.split(' ');
      const id = `${cycle_id} ${key}`;
      const before = found.get(id);
      found.set(id, {
        ...{ cycle_id, reason, kind: kind as Blanking['kind'] },
        at: before !== undefined && before.at > at ? before.at : at,
        items: items + (before?.items ?? 0),
      });
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, blanking]) => blanking);
}

/** Operations of one batch; records are small. */
const AT_ONCE = 50;

/** Records of another store's: they were never run under a lease of this one. */
export async function putCycles(account: Account, cycles: readonly Cycle[]): Promise<void> {
  const by = { holder: '', epoch: 0 };
  await upsertAll(
    account,
    cycles.map((cycle) => ({ kind: 'upsert', document: cycleDocument(cycle, by) })),
  );
}

export async function putRecords(
  account: Account,
  records: HeldRecords,
  control: Pick<Control, 'saveRateBudget'>,
): Promise<void> {
  const upkeep = { id: UPKEEP_ID, scope: SCOPE, kind: 'upkeep', epoch: 0, ...records.upkeep };
  const jobs = records.jobs.map(({ job, succeeded_at }) => ({
    ...{ id: jobId(job), scope: SCOPE, kind: 'job', succeeded_at },
  }));
  const imports = records.imports.map((progress) => importDocument(progress, EPOCH));
  const pause = records.pause && { id: PAUSE_ID, scope: SCOPE, kind: 'pause', ...records.pause };
  const documents = [upkeep, ...jobs, ...imports, ...(pause === null ? [] : [pause])];
  await upsertAll(
    account,
    documents.map((document) => ({ kind: 'upsert', document })),
  );
  if (records.rate_budget !== null) await control.saveRateBudget(records.rate_budget);
  await putOmissions(account, records);
  await putBlankings(account, records);
}

/** When an import was last noted is for people who look at it; it is not carried over. */
const EPOCH = '1970-01-01T00:00:00.000Z';

async function upsertAll(account: Account, operations: readonly Operation[]): Promise<void> {
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
  for (const [partition, document] of documents) await put(account, partition, document);
}

/** Which subreddit a part of the record was of is not known: all of it is put in one place of its own. */
async function putBlankings(account: Account, { blankings }: HeldRecords): Promise<void> {
  const subreddit = MOVED;
  const documents = new Map<string, BlankedDocument>();
  for (const { cycle_id, at, reason, kind, items } of blankings) {
    const before = documents.get(cycle_id);
    documents.set(cycle_id, {
      ...{ id: blankedId(cycle_id), subreddit, name: MOVED, ttl: -1, kind: 'blanked', cycle_id },
      at: before !== undefined && before.at > at ? before.at : at,
      counts: { ...before?.counts, [`${reason} ${kind}`]: items },
    });
  }
  for (const document of documents.values()) await put(account, MOVED, document);
}

/** No subreddit has a name with a dot. */
const MOVED = 'moved.here';

async function put(
  account: Account,
  partition: string,
  document: OmissionsDocument | BlankedDocument,
): Promise<void> {
  const operations: Operation[] = [{ kind: 'upsert', document }];
  refuseUndone((await account.items.batch('putRecords', partition, operations)).done);
}
