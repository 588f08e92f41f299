import { randomUUID } from 'node:crypto';
import { type Clock, toIso } from '../../../clock.js';
import { fullname, type IsoTime, type ItemName } from '../../../domain/item.js';
import { AppError } from '../../../errors.js';
import type { Omission, StoredItem, UpkeepStore } from '../../upkeep-store.js';
import type { Account } from '../account.js';
import { OMISSIONS_ID, type OmissionsDocument, partitionOf } from '../documents/documents.js';
import { changePartition, type WriteDeps } from '../write/change.js';

type Answers = Parameters<UpkeepStore['noteAnswers']>[0];
type Omitted = OmissionsDocument['omitted'];

/** What was answered of one subreddit. */
interface Share {
  /** As it is written. */
  subreddit: string;
  omitted: readonly StoredItem[];
}

/** One for each subreddit that an answer speaks of. */
interface Step {
  /** Names it in what is stored. */
  id: string;
  done: boolean;
}

/** Names of noted answers that a document keeps: one collects at a time, and repeats only the last. */
const NOTED = 8;

/**
 * What Reddit left out, in one document of each subreddit. An answer is counted once however often its
 * noting is repeated: shares that were noted are remembered with the object it was asked with. Where
 * it is not known whether one was, and others have written since, the document tells: it names the
 * answers last noted in it.
 */
export function cosmosOmissions(
  deps: WriteDeps & { clock: Clock },
): Pick<UpkeepStore, 'noteAnswers' | 'omissions'> {
  const noted = new WeakMap<Answers, Map<string, Step>>();
  return {
    noteAnswers: async (answers) => {
      const steps = noted.get(answers) ?? new Map<string, Step>();
      noted.set(answers, steps);
      for (const [partition, share] of await sharesOf(deps.account, answers)) {
        const step = steps.get(partition) ?? { id: randomUUID(), done: false };
        steps.set(partition, step);
        if (!step.done) await noteShare(deps, answers, share, step);
        step.done = true;
      }
    },
    omissions: async (limit) => {
      const documents = await readOmissions(deps.account);
      return documents.flatMap(omissionsIn).sort(longestAgoFirst).slice(0, limit);
    },
  };
}

/** By partition. Which partition given items are noted in, if any, only the notes tell. */
async function sharesOf(
  account: Pick<Account, 'items'>,
  { omitted, given }: Answers,
): Promise<Map<string, Share>> {
  const shares = new Map<string, Share & { omitted: StoredItem[] }>();
  const shareOf = (subreddit: string) => {
    const known = shares.get(partitionOf(subreddit)) ?? { subreddit, omitted: [] };
    shares.set(partitionOf(subreddit), known);
    return known;
  };
  for (const item of omitted) shareOf(item.subreddit).omitted.push(item);
  if (given.length > 0) {
    for (const document of await readOmissions(account)) {
      if (given.some((item) => fullname(item) in document.omitted)) shareOf(document.name);
    }
  }
  return shares;
}

async function noteShare(
  deps: WriteDeps & { clock: Clock },
  { fence, given }: Answers,
  share: Share,
  step: Step,
): Promise<void> {
  const { subreddit } = share;
  const now = toIso(deps.clock.now());
  const of = { subreddit, fence, shape: 'noteAnswers', intent: step };
  const { status } = await changePartition(deps, of, async (view) => {
    const known = await view.read<OmissionsDocument>(OMISSIONS_ID);
    const noted = known?.noted ?? [];
    if (noted.includes(step.id)) return null;
    const omitted = noteInto(known?.omitted ?? {}, share.omitted, given, now);
    if (omitted === null) return null;
    const name = view.head?.name ?? subreddit;
    const own = { id: OMISSIONS_ID, subreddit: partitionOf(subreddit), name, ttl: -1 };
    const named = { noted: [...noted, step.id].slice(-NOTED) };
    const document: OmissionsDocument = { ...own, kind: 'omissions', omitted, ...named };
    return { operations: [{ kind: 'upsert', document }], result: null };
  });
  if (status === 'too_large') {
    throw new AppError('internal', `Too many items of r/${subreddit} were left out to note them`);
  }
}

/** Null: nothing changes. */
function noteInto(
  known: Omitted,
  omitted: readonly ItemName[],
  given: readonly ItemName[],
  now: IsoTime,
): Omitted | null {
  const notes = new Map(Object.entries(known));
  let changed = omitted.length > 0;
  for (const name of omitted.map(fullname)) {
    const note = notes.get(name);
    const { times, first_at } = note ?? { times: 0, first_at: now };
    notes.set(name, { times: times + 1, first_at });
  }
  for (const name of given.map(fullname)) changed = notes.delete(name) || changed;
  return changed ? Object.fromEntries(notes) : null;
}

function readOmissions({ items }: Pick<Account, 'items'>): Promise<OmissionsDocument[]> {
  return items.query<OmissionsDocument>('omissions', {
    text: "SELECT * FROM c WHERE c.kind = 'omissions'",
    parameters: {},
    partition: null,
  });
}

function omissionsIn({ name: subreddit, omitted }: OmissionsDocument): Omission[] {
  return Object.entries(omitted).map(([name, { times, first_at }]) => {
    const kind = name.startsWith('t3_') ? 'post' : 'comment';
    return { kind, id: name.slice(3), subreddit, times, first_at };
  });
}

/** Ties: posts first, then by id. */
function longestAgoFirst(a: Omission, b: Omission): number {
  if (a.first_at !== b.first_at) return a.first_at < b.first_at ? -1 : 1;
  if (a.kind !== b.kind) return a.kind === 'post' ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
