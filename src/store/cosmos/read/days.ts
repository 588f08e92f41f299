import type { IsoTime } from '../../../domain/item.js';
import { AppError } from '../../../errors.js';
import { dayOf } from '../documents/documents.js';
import { createDayTable, type DayTable } from './day-table.js';
import { type DerivedDocument, END, type Holding } from './holding.js';
import { type Loader, openedAnew } from './loader.js';
import { daysIn } from './queries.js';

/** The rollups that somebody has asked for, and all later ones; from then on they follow the store. */
export interface Days {
  /** @throws as the loader does */
  loadFrom(time: IsoTime): Promise<void>;
  /** Whether all from this time on are there. */
  covers(time: IsoTime): boolean;
  table: DayTable;
  clear(): void;
}

/** Somebody else may load a stretch at the same time, which is waited for. */
const ATTEMPTS = 8;

export function createDays({ loader, registry }: { loader: Loader; registry: Set<Holding> }): Days {
  const table = createDayTable();
  let covered = createCovered(table);
  let loading: Promise<void> | null = null;

  const covers = (time: IsoTime) => covered.from <= dayOf(time);

  const load = async (from: string): Promise<void> => {
    const into = covered;
    const stretch = createStretch(from, into.from);
    await loader.load(daysIn(stretch.from, stretch.to), [stretch]);
    registry.delete(stretch);
    if (into !== covered) throw openedAnew();
    stretch.handOver(table);
    covered.from = from;
    registry.add(covered);
  };

  return {
    async loadFrom(time) {
      for (let attempt = 1; !covers(time); attempt += 1) {
        if (attempt > ATTEMPTS)
          throw new AppError('store_busy', 'Others load rollups all the time');
        loading ??= load(dayOf(time)).finally(() => {
          loading = null;
        });
        await loading;
      }
    },
    covers,
    table,
    clear() {
      registry.delete(covered);
      covered = createCovered(table);
      table.clear();
    },
  };
}

function createCovered(table: DayTable): Holding {
  return {
    ...{ kind: 'day', from: END, to: END, missed: false },
    put: (document, version) => {
      if (document.kind === 'day') table.put(document, version);
    },
  };
}

type DayDocument = Extract<DerivedDocument, { kind: 'day' }>;

interface Stretch extends Holding {
  /** To the table; there what comes later goes as well: a look that is under way knows of nothing else. */
  handOver(table: DayTable): void;
}

/** What is not there until all of it is. */
function createStretch(from: string, to: string): Stretch {
  const documents = new Map<string, [DayDocument, number | null]>();
  let given: DayTable | null = null;
  return {
    ...{ kind: 'day', from, to, missed: false },
    handOver(table) {
      for (const [document, version] of documents.values()) table.put(document, version);
      documents.clear();
      given = table;
    },
    put: (document, version) => {
      if (document.kind !== 'day') return;
      if (given !== null) {
        given.put(document, version);
        return;
      }
      const key = `${document.subreddit} ${document.day}`;
      const before = documents.get(key)?.[0];
      if (before === undefined || before.seq < document.seq)
        documents.set(key, [document, version]);
    },
  };
}
