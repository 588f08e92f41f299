import { toIso } from '../../../clock.js';
import { type Cycle, failingSubreddits } from '../../../domain/cycle.js';
import type { IsoTime } from '../../../domain/item.js';
import type { HealthFacts } from '../../store.js';
import { type Account, type Container, type Query, sumOf } from '../account.js';
import {
  type CycleDocument,
  HEARTBEAT_ID,
  type HeartbeatDocument,
  LEASE_ID,
  type LeaseDocument,
  PAUSE_ID,
  type PauseDocument,
  SCOPE,
  VERSION_ID,
  type VersionDocument,
} from './documents.js';
import { countOpenGaps } from './gaps.js';
import { isAlive } from './lease.js';
import { pauseOf } from './pause.js';
import { cycleOf, NEWEST_FIRST } from './records.js';

const DAY_MS = 86_400_000;
/** What ended later than this from now was written under a clock that was ahead: it proves nothing. */
const CLOCK_SLACK_MS = 5 * 60_000;
/** How long figures of cycles stand while no cycle ended: for what a lost move of the version would hide. */
const FIGURES_LIFE_MS = 5 * 60_000;
const LAST_CYCLES = 3;

type Facts = LeaseDocument | HeartbeatDocument | PauseDocument | VersionDocument;

/** Of cycles that have ended. */
interface Figures {
  of: { opening: string; cycles: number; now: IsoTime };
  succeeded: number;
  failed: number;
  last_collection_at: IsoTime | null;
  lastDay: Pick<CycleDocument, 'finished_at' | 'status'>[];
  lastThree: Cycle[];
}

/**
 * One query for what is always new; figures of cycles and gaps are asked for anew when the version says
 * that there may be others.
 */
export function cosmosHealth({ account }: { account: Pick<Account, 'control' | 'items'> }) {
  let figures: Figures | null = null;
  let gaps: { opening: string; n: number; open: number } | null = null;

  return async (now: IsoTime): Promise<HealthFacts> => {
    const { lease, heartbeat, pause, version } = await readFacts(account.control);
    const { opening = '', n = 0, cycles = 0 } = version ?? {};
    if (figures === null || !stand(figures, { opening, cycles, now })) {
      figures = await readFigures(account.control, { opening, cycles, now });
    }
    if (gaps?.n !== n || gaps.opening !== opening) {
      gaps = { opening, n, open: await countOpenGaps(account) };
    }
    const since = toIso(Date.parse(now) - DAY_MS);
    const lastDay = figures.lastDay.filter(({ finished_at }) => (finished_at ?? '') >= since);
    return {
      data_version: n,
      last_collection_at: figures.last_collection_at,
      collections_succeeded: figures.succeeded,
      collections_failed: figures.failed,
      finished_24h: lastDay.length,
      failed_24h: lastDay.filter(({ status }) => status === 'failed').length,
      running_cycle: lease !== null && isAlive(lease, now) ? lease.cycle_id : null,
      subreddits_failing: failingSubreddits(figures.lastThree, LAST_CYCLES),
      gaps_open: gaps.open,
      paused: pause === null ? null : pauseOf(pause),
      jobs: heartbeat === null ? null : beatOf(heartbeat),
    };
  };
}

async function readFacts(control: Container) {
  const found = await control.query<Facts>('health', {
    text: 'SELECT * FROM c WHERE c.id IN (@lease, @heartbeat, @pause, @version)',
    parameters: {
      ...{ '@lease': LEASE_ID, '@heartbeat': HEARTBEAT_ID },
      ...{ '@pause': PAUSE_ID, '@version': VERSION_ID },
    },
    partition: SCOPE,
  });
  const of = <K extends Facts['kind']>(kind: K) =>
    (found.find((fact) => fact.kind === kind) ?? null) as Extract<Facts, { kind: K }> | null;
  return {
    ...{ lease: of('lease'), heartbeat: of('heartbeat') },
    ...{ pause: of('pause'), version: of('version') },
  };
}

function stand({ of }: Figures, asked: Figures['of']): boolean {
  const ageMs = Date.parse(asked.now) - Date.parse(of.now);
  const isYoung = ageMs >= 0 && ageMs < FIGURES_LIFE_MS;
  return isYoung && of.opening === asked.opening && of.cycles === asked.cycles;
}

async function readFigures(control: Container, of: Figures['of']): Promise<Figures> {
  const ask = <T>(what: string, rest: string, parameters: Query['parameters'] = {}) => {
    const text = `SELECT ${what} FROM c WHERE c.kind = 'cycle' AND ${rest}`;
    return control.query<T>('healthFigures', { text, parameters, partition: SCOPE });
  };
  const nowMs = Date.parse(of.now);
  const [succeeded, failed, last, lastDay, lastThree] = await Promise.all([
    ask<number>('VALUE COUNT(1)', GOOD),
    ask<number>('VALUE COUNT(1)', "c.status = 'failed'"),
    ask<IsoTime>(
      'TOP 1 VALUE c.finished_at',
      `${GOOD} AND c.finished_at <= @soon ORDER BY c.finished_at DESC`,
      { '@soon': toIso(nowMs + CLOCK_SLACK_MS) },
    ),
    ask<Figures['lastDay'][number]>(
      'c.finished_at, c.status',
      `${ENDED} AND c.finished_at >= @since`,
      {
        '@since': toIso(nowMs - DAY_MS),
      },
    ),
    ask<CycleDocument>(`TOP ${LAST_CYCLES} *`, `${ENDED} ${NEWEST_FIRST}`),
  ]);
  return {
    ...{ of, succeeded: sumOf(succeeded), failed: sumOf(failed) },
    ...{ last_collection_at: last[0] ?? null, lastDay, lastThree: lastThree.map(cycleOf) },
  };
}

const GOOD = "c.status IN ('succeeded', 'partial')";
const ENDED = "c.status IN ('succeeded', 'partial', 'failed')";

function beatOf({ at, holder, pid, memory_mb, runs_skipped }: HeartbeatDocument) {
  return { at, holder, pid, memory_mb, runs_skipped };
}
