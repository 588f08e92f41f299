import type { Moment } from './state.js';
import type { Seen, Verdict } from './verdicts/verdict.js';

/** One trouble that explains another: who hears of the first need not be told of the second. */
interface Explanation {
  by: (verdict: Verdict) => boolean;
  of: (verdict: Verdict) => boolean;
  /** Also of what begins long after it. */
  lasting?: true;
}

const about =
  (...subjects: string[]) =>
  ({ subject }: Verdict) =>
    subjects.some((one) => subject === one || subject.startsWith(`${one}.`));
const because =
  (...causes: string[]) =>
  ({ cause }: Verdict) =>
    causes.includes(cause);
const unanswered = because('timeout', 'refused', 'broken', 'server_error', 'port_taken');
const staleData = because('data_stale', 'never_collected', 'cycles_failing', 'jobs_silent');
const both =
  (...tests: ((verdict: Verdict) => boolean)[]) =>
  (verdict: Verdict) =>
    tests.every((test) => test(verdict));

const EXPLANATIONS: readonly Explanation[] = [
  { by: about('pm2'), of: about('process', 'orphans') },
  { by: about('pm2'), of: both(about('api'), unanswered) },
  { by: about('disk'), of: both(about('api.degraded'), staleData) },
  { by: about('process.api', 'memory.api'), of: both(about('api'), unanswered) },
  { by: about('memory.api'), of: both(about('api'), because('memory_over_limit')) },
  { by: about('process.jobs', 'memory.jobs'), of: both(about('api'), staleData), lasting: true },
  { by: both(about('api'), because('database_unreachable')), of: because('exit_69') },
  {
    by: both(about('process.api'), because('exit_69')),
    of: both(about('process.jobs'), because('exit_69')),
  },
  { by: about('process.api'), of: about('memory.api', 'leak.api'), lasting: true },
  { by: about('process.jobs'), of: about('memory.jobs', 'leak.jobs'), lasting: true },
  { by: about('memory.api'), of: about('leak.api'), lasting: true },
  { by: about('memory.jobs'), of: about('leak.jobs'), lasting: true },
  { by: about('memory.monitor'), of: about('leak.monitor'), lasting: true },
];

interface View extends Seen {
  now: Moment;
  all: readonly Verdict[];
}

/**
 * The one among failing verdicts that explains this one; undefined when it stands for itself.
 * A warning that is always there, as of a small disk, keeps no alert back; and what begins after
 * the first reminder of the other is news.
 */
export function explanationOf(verdict: Verdict, view: View): Verdict | undefined {
  return view.all.find(
    (other) =>
      other.state === 'failing' &&
      other.subject !== verdict.subject &&
      (other.level === 'error' || verdict.level === 'warn') &&
      EXPLANATIONS.some(
        ({ by, of, lasting }) =>
          by(other) && of(verdict) && (lasting || isTogether(other, verdict, view)),
      ),
  );
}

function isTogether(earlier: Verdict, later: Verdict, { state, now, policy }: View): boolean {
  const since = ({ subject }: Verdict): Moment => {
    const watch = state.watches[subject];
    return watch?.incident?.since ?? watch?.since ?? now;
  };
  return since(later).at - since(earlier).at < policy.reminderMs;
}
