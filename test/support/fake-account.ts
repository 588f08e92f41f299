import type {
  Account,
  BatchResult,
  Container,
  Operation,
  Query,
  Versioned,
} from '../../src/store/cosmos/account.js';

type Stored = Versioned<{ id: string; [field: string]: unknown }>;

/** What a call does instead of answering; `then` lets it happen first. */
export interface FakeFault {
  /** The beginning of the shapes that it is for. */
  shape: string;
  error?: Error;
  /** The batch is written before the error. */
  written?: boolean;
  /** Done before the call. */
  before?: () => Promise<void>;
}

export interface FakeAccount extends Account {
  /** Shapes of all calls, in their order. */
  calls: string[];
  /** Operations of the batches that were written, in their order. */
  batches: Operation[][];
  /** Each is for one call. */
  faults: FakeFault[];
  /** The documents of a partition of `items`. */
  partition(name: string): Stored[];
}

/** An account in memory: ETags, atomic batches, and the few queries that writers send. */
export function fakeAccount(): FakeAccount {
  const calls: string[] = [];
  const batches: Operation[][] = [];
  const faults: FakeFault[] = [];
  const itemsParts = new Map<string, Map<string, Stored>>();
  const shared = { calls, batches, faults };
  return {
    ...shared,
    items: fakeContainer(itemsParts, shared),
    control: fakeContainer(new Map(), shared),
    partition: (name) => [...(itemsParts.get(name)?.values() ?? [])],
    close: async () => undefined,
  };
}

let written = 0;

function fakeContainer(
  partitions: Map<string, Map<string, Stored>>,
  { calls, batches, faults }: Pick<FakeAccount, 'calls' | 'batches' | 'faults'>,
): Container {
  const faulty = async <T>(shape: string, call: () => T): Promise<T> => {
    calls.push(shape);
    const at = faults.findIndex((fault) => shape.startsWith(fault.shape));
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    await fault?.before?.();
    if (fault?.error !== undefined && fault.written !== true) throw fault.error;
    const answer = call();
    if (fault?.error !== undefined) throw fault.error;
    return answer;
  };
  return {
    read: async <T extends object>(shape: string, partition: string, id: string) =>
      faulty(shape, () => {
        const found = partitions.get(partition)?.get(id);
        return found === undefined ? null : (structuredClone(found) as unknown as Versioned<T>);
      }),
    query: async <T>(shape: string, query: Query) =>
      faulty(shape, () => {
        const parts = [...partitions].filter(([name]) => (query.partition ?? name) === name);
        const all = parts.flatMap(([, documents]) => [...documents.values()]);
        return structuredClone(answer(all, query)) as T[];
      }),
    batch: async (shape, partition, operations) =>
      faulty(shape, () => {
        const before = partitions.get(partition) ?? new Map<string, Stored>();
        const after = new Map(before);
        const result = apply(after, operations);
        if (result.done) {
          partitions.set(partition, after);
          batches.push([...operations]);
        }
        return result;
      }),
  };
}

function answer(all: readonly Stored[], { text, parameters }: Query): unknown[] {
  const values = Object.values(parameters);
  if (text.startsWith('SELECT * FROM c WHERE c.id IN')) {
    return all.filter(({ id }) => values.includes(id));
  }
  if (/^SELECT TOP \d+ VALUE c\.post_id FROM c WHERE c\.post_id IN/.test(text)) {
    return all.map(({ post_id }) => post_id).filter((id) => values.includes(id));
  }
  if (text === "SELECT * FROM c WHERE c.kind = 'head'") {
    return all.filter(({ kind }) => kind === 'head');
  }
  throw new Error(`The fake account knows no query ${text}`);
}

function apply(documents: Map<string, Stored>, operations: readonly Operation[]): BatchResult {
  const etags: (string | null)[] = [];
  for (const [operation, each] of operations.entries()) {
    const id = each.kind === 'delete' ? each.id : each.document.id;
    const stored = documents.get(id);
    const expected = 'ifMatch' in each ? each.ifMatch : undefined;
    if (each.kind === 'create' && stored) return { done: false, status: 409, operation };
    if ((each.kind === 'replace' || each.kind === 'delete') && !stored) {
      return { done: false, status: 404, operation };
    }
    if (expected !== undefined && stored?._etag !== expected) {
      return { done: false, status: 412, operation };
    }
    if (each.kind === 'delete') {
      documents.delete(id);
      etags.push(null);
      continue;
    }
    written += 1;
    const document = structuredClone(each.document) as Stored;
    documents.set(id, { ...document, _etag: `"${written}"`, _ts: written });
    etags.push(`"${written}"`);
  }
  return { done: true, etags };
}
