import type { IsoTime } from '../../../domain/item.js';
import { createRefusals } from '../../../refusals.js';
import type { KeepStore } from '../../keep-store.js';
import { type Container, MAX_OPERATIONS, type Operation } from '../account.js';
import { type CarriedDocument, SCOPE } from '../control/documents.js';
import { OMISSIONS_ID, type OmissionsDocument } from '../documents/documents.js';
import { type Change, changePartition, type WriteDeps } from '../write/change.js';
import type { View } from '../write/view.js';

type Expiry = Parameters<KeepStore['expireRecords']>[0];

/** Documents of one batch, beside the head and the omissions. */
const AT_ONCE = 90;

/** What may still go, by kind. */
interface Left {
  gaps: number;
  blanked: number;
  omissions: number;
}

/** Removes records that speak of the time before; derived documents are let go of by Azure itself. */
export async function expireRecords(deps: WriteDeps, { before, limit }: Expiry): Promise<number> {
  const refusals = createRefusals();
  const cycles = await expireCycles(deps, before, limit);
  const carried = await expireCarried(deps.account.control, before, limit);
  const left: Left = { gaps: limit, blanked: limit - carried, omissions: limit };
  let gaps = 0;
  let unseen = carried;
  for (const subreddit of await partitionsWith(deps.account.items, before)) {
    const of = { subreddit, fence: null, shape: 'expire records' };
    const changed = await refusals.past(() =>
      changePartition(deps, of, (view) => removal(view, before, left)),
    );
    if (changed?.status !== 'written') continue;
    const gone = changed.result;
    gaps += gone.gaps;
    unseen += gone.blanked + gone.omissions;
    left.gaps -= gone.gaps;
    left.blanked -= gone.blanked;
    left.omissions -= gone.omissions;
  }
  if (gaps > 0) await deps.versions.bump();
  refusals.end();
  return cycles + gaps + unseen;
}

/** One that ended never changes again. */
async function expireCycles(
  { account: { control }, versions }: WriteDeps,
  before: IsoTime,
  limit: number,
): Promise<number> {
  const ids = await control.query<string>('expire records', {
    text: `SELECT TOP ${Math.min(limit, MAX_OPERATIONS - 1)} VALUE c.id FROM c
      WHERE c.kind = 'cycle' AND c.started_at < @before AND c.status != 'running'
      ORDER BY c.started_at`,
    parameters: { '@before': before },
    partition: SCOPE,
  });
  if (ids.length === 0) return 0;
  const removed = ids.map((id): Operation => ({ kind: 'delete', id }));
  // Not done: somebody else was here; what is left then is found by the next call.
  const { done } = await versions.bumpWith('expire records', removed, { cycles: true });
  return done ? ids.length : 0;
}

/** Audit records of another store's. `at` has no index there: it would make every heartbeat dearer. */
async function expireCarried(control: Container, before: IsoTime, limit: number): Promise<number> {
  const found = await control.query<Pick<CarriedDocument, 'id' | 'at'>>('expire records', {
    text: `SELECT c.id, c["at"] FROM c WHERE c.kind = 'blanked'`,
    parameters: {},
    partition: SCOPE,
  });
  const removed = found
    .filter(({ at }) => at < before)
    .slice(0, Math.min(limit, MAX_OPERATIONS))
    .map(({ id }): Operation => ({ kind: 'delete', id }));
  if (removed.length === 0) return 0;
  // Not done: as above.
  const { done } = await control.batch('expire records', SCOPE, removed);
  return done ? removed.length : 0;
}

async function partitionsWith(items: Container, before: IsoTime): Promise<string[]> {
  const find = <T>(text: string) =>
    items.query<T>('expire records', { text, parameters: { '@before': before }, partition: null });
  const gaps = await find<string>(
    `SELECT VALUE c.subreddit FROM c WHERE c.kind = 'gap' AND c["to"] < @before`,
  );
  const blanked = await find<string>(
    `SELECT VALUE c.subreddit FROM c WHERE c.kind = 'blanked' AND c["at"] < @before`,
  );
  const omissions = await find<OmissionsDocument>(`SELECT * FROM c WHERE c.kind = 'omissions'`);
  const old = omissions.filter((document) => oldOnes(document, before).length > 0);
  const names = [...gaps, ...blanked, ...old.map(({ subreddit }) => subreddit)];
  return [...new Set(names)].sort();
}

async function removal(view: View, before: IsoTime, left: Left): Promise<Change<Left> | null> {
  const find = (text: string) => view.query<string>(text, { '@before': before });
  const gaps = await find(`SELECT VALUE c.id FROM c WHERE c.kind = 'gap' AND c["to"] < @before`);
  const blanked = await find(
    `SELECT VALUE c.id FROM c WHERE c.kind = 'blanked' AND c["at"] < @before`,
  );
  const oldGaps = gaps.slice(0, Math.min(left.gaps, AT_ONCE));
  const oldBlanked = blanked.slice(0, Math.min(left.blanked, AT_ONCE - oldGaps.length));
  const omissions = await view.read<OmissionsDocument>(OMISSIONS_ID);
  const old = omissions === null ? [] : oldOnes(omissions, before).slice(0, left.omissions);
  const operations = [...oldGaps, ...oldBlanked].map((id): Operation => ({ kind: 'delete', id }));
  if (omissions !== null && old.length > 0) {
    const kept = Object.entries(omissions.omitted).filter(([name]) => !old.includes(name));
    const document = { ...omissions, omitted: Object.fromEntries(kept) };
    operations.push({ kind: 'upsert', document });
  }
  if (operations.length === 0) return null;
  const result = { gaps: oldGaps.length, blanked: oldBlanked.length, omissions: old.length };
  return { operations, result };
}

/** Names of omissions that are of the time before. */
function oldOnes({ omitted }: OmissionsDocument, before: IsoTime): string[] {
  return Object.entries(omitted)
    .filter(([, { first_at }]) => first_at < before)
    .map(([name]) => name);
}
