import { named } from '../../observe/listed.js';
import type { NoAnswer, Observation } from '../../observe/observation.js';
import { API } from '../ours.js';
import {
  blockingCauses,
  describe,
  failing,
  noRestart,
  obstacle,
  ok,
  restartOnline,
  type Seen,
  stranger,
  type Trouble,
  unknown,
  type Verdict,
} from './verdict.js';

/**
 * Whether the API answers, and does not call itself unhealthy.
 *
 * @param process the verdict on its process: where that is in trouble, its remedy is the one.
 */
export function apiVerdict({ observation }: Seen, process: Verdict): Verdict {
  const { outcome } = observation;
  const subject = { subject: API, process: API, level: 'error' } as const;
  if (outcome.kind === 'no_answer') {
    return failing(subject, silence(outcome, observation, process));
  }
  if (outcome.status !== 'unhealthy') return ok(subject);
  const blocking = blockingCauses(observation);
  const first = blocking[0] ?? outcome.causes[0];
  return failing(subject, {
    cause: first?.code ?? 'unhealthy',
    what: `the API answers unhealthy: ${describe(outcome.causes)}`,
    remedy: unhealthyRemedy(observation),
  });
}

/** `degraded` for long enough is one warning with its causes: it still serves. */
export function degradedVerdict({ observation: { outcome } }: Seen): Verdict {
  const subject = { subject: 'api.degraded', process: API, level: 'warn' } as const;
  if (outcome.kind === 'no_answer' || outcome.status === 'unhealthy') return unknown(subject);
  if (outcome.status === 'healthy') return ok(subject);
  return failing(subject, {
    cause: outcome.causes.find(({ severity }) => severity !== 'info')?.code ?? 'degraded',
    what: `the API answers degraded: ${describe(outcome.causes)}`,
    remedy: noRestart('it still serves'),
  });
}

function unhealthyRemedy(observation: Observation) {
  const why = obstacle(observation);
  if (why !== null) return noRestart(why);
  const { outcome } = observation;
  const helps = outcome.kind === 'answered' && outcome.causes.some((one) => one.restartWouldHelp);
  if (!helps) return noRestart('no cause says that a restart would help');
  return restartOnline(named(API, observation), false);
}

/** Nobody answered; whether anybody could have is the verdict on its process (process.ts). */
function silence(outcome: NoAnswer, observation: Observation, process: Verdict): Trouble {
  const { supervisor } = observation;
  const what = `the API does not answer: ${outcome.detail}`;
  const trouble = (why: string): Trouble => ({
    cause: outcome.reason,
    what,
    remedy: noRestart(why),
  });
  if (!supervisor.reachable) return trouble('PM2 cannot be reached');
  const entries = named(API, observation);
  if (entries.length === 0) return trouble(`PM2 has no process named ${API}; run npm start`);
  if (outcome.reason === 'foreign') {
    const holder = stranger(observation);
    return {
      cause: 'port_taken',
      what: holder === null ? what : `the API's port is held by ${holder}: ${outcome.detail}`,
      remedy: noRestart('something else answers there; look at MONITOR_HEALTH_URL and API_PORT'),
    };
  }
  const own = restartOnline(entries, outcome.reason === 'timeout');
  return {
    cause: outcome.reason,
    what,
    remedy: process.state === 'failing' ? process.remedy : own,
  };
}
