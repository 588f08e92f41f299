import type { HostView, Observation, Outcome, ProcessSample } from '../observe/observation.js';
import { count, duration } from './words.js';
import { oneLine } from '../text.js';

/** The key figures of an observation, a line each, indented. Pure. */
export function sightOf({ outcome, supervisor, host, silences }: Observation): string[] {
  const lines = [row('/health', answer(outcome))];
  if (outcome.kind === 'answered') {
    for (const { code, message } of outcome.causes) lines.push(row('', cause(code, message)));
    const { jobsHeartbeatAgeS: age } = outcome;
    if (age !== null) lines.push(row('', `jobs reported ${duration(age * 1000)} before`));
  }
  if (supervisor.reachable) {
    lines.push(...supervisor.processes.map((one) => row(oneLine(one.name), processLine(one))));
    if (supervisor.processes.length === 0) lines.push(row('PM2', 'lists no process'));
  } else lines.push(row('PM2', `cannot be reached: ${oneLine(supervisor.reason)}`));
  lines.push(...hostLines(host));
  for (const { subject, until, reason } of silences) {
    lines.push(row('silence', `${subject ?? 'everything'} until ${until}: ${oneLine(reason)}`));
  }
  return lines;
}

const row = (name: string, text: string): string => `  ${name.padEnd(9)}${text}`;
const cause = (code: string, message: string): string =>
  message === '' ? oneLine(code) : `${oneLine(code)}: ${oneLine(message)}`;

function answer(outcome: Outcome): string {
  const after = `after ${outcome.latencyMs} ms`;
  if (outcome.kind === 'no_answer') {
    return `no answer (${outcome.reason}) ${after}: ${oneLine(outcome.detail)}`;
  }
  return `${outcome.status} (HTTP ${outcome.httpStatus}) ${after}`;
}

function processLine(one: ProcessSample): string {
  const parts = [oneLine(one.status)];
  if (one.pid > 0) parts.push(`pid ${one.pid}`);
  if (one.life === 'suspended') parts.push('suspended (SIGSTOP or a debugger)');
  if (one.life === 'gone' && one.pid > 0) parts.push('no such process in truth');
  if (one.upMs !== null && one.pid > 0) parts.push(`up ${duration(one.upMs)}`);
  if (one.memoryMb !== null) parts.push(`${Math.round(one.memoryMb)} MB`);
  if (one.exitCode !== null) parts.push(`last exit code ${one.exitCode}`);
  if (one.restarts > 0) parts.push(`${count(one.restarts, 'restart')} by PM2`);
  if (one.lastWords !== null) parts.push(`last words: ${oneLine(one.lastWords)}`);
  return parts.join(', ');
}

function hostLines({ disks, orphans, portHolder }: HostView): string[] {
  return [
    ...disks.map(({ path, freeMb }) => row('disk', `${oneLine(path)}: ${megabytes(freeMb)} free`)),
    ...orphans.map(({ pid, name, startedAt }) =>
      row(
        'orphan',
        `${oneLine(name)}, pid ${pid}, since ${oneLine(startedAt)}: PM2 does not know it`,
      ),
    ),
    ...(portHolder === null
      ? []
      : [row('port', `held by pid ${portHolder.pid}: ${oneLine(portHolder.command)}`)]),
  ];
}

const megabytes = (mb: number): string =>
  mb >= 1000 ? `${Math.round(mb / 100) / 10} GB` : `${Math.round(mb)} MB`;
