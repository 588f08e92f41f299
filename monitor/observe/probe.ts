import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { type Clock, toIso } from '../../src/clock.js';
import { withDeadline } from '../../src/retry.js';
import type { Host } from './host.js';
import {
  type Cause,
  HEALTH_STATUSES,
  type NoAnswer,
  type NoAnswerReason,
  type Observation,
  type Outcome,
  type SupervisorView,
} from './observation.js';
import type { Supervisor } from './supervisor.js';
import { oneLine } from '../text.js';

export interface ProbeOptions {
  healthUrl: string;
  timeoutMs: number;
  clock: Clock;
  supervisor: Supervisor;
  host: Host;
}

/** A health report has a few kilobytes; what is longer is none. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_CAUSES = 20;
const MAX_TEXT = 300;

/** Only the status makes a report; the rest is read as far as it has the right form. */
const Report = Type.Object({
  status: Type.Enum([...HEALTH_STATUSES]),
  process: Type.Optional(Type.Unknown()),
  causes: Type.Optional(Type.Unknown()),
  application: Type.Optional(Type.Unknown()),
});
type Report = Static<typeof Report>;
const ReportedProcess = Type.Object({ pid: Type.Integer() });
const ReportedApplication = Type.Object({ jobs_heartbeat_age_seconds: Type.Number() });
const ReportedCause = Type.Object({
  code: Type.String(),
  severity: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  restart_would_help: Type.Optional(Type.Boolean()),
});

/** One look at everything. Never throws and never outlasts the deadline by much. */
export async function observe(options: ProbeOptions): Promise<Observation> {
  const { clock } = options;
  const at = clock.monotonic();
  const time = toIso(clock.now());
  const [outcome, supervisor, disks] = await Promise.all([
    probeHealth(options),
    viewSupervisor(options),
    options.host.disks(),
  ]);
  const host = { disks, ...(await options.host.view(outcome, supervisor)) };
  return { at, time, outcome, supervisor, host, silences: [] };
}

async function viewSupervisor({ supervisor, host }: ProbeOptions): Promise<SupervisorView> {
  const daemon = await host.daemon(await supervisor.daemon());
  try {
    const processes = await host.processes(await supervisor.list(), daemon);
    return { reachable: true, processes, daemon };
  } catch (error) {
    return { reachable: false, reason: cut(messageOf(error)), daemon };
  }
}

/** Asks for the health report. Redirects are not followed: our health is where we look. */
export async function probeHealth(
  options: Pick<ProbeOptions, 'healthUrl' | 'timeoutMs' | 'clock'>,
): Promise<Outcome> {
  const { healthUrl, timeoutMs, clock } = options;
  const began = clock.monotonic();
  const took = () => Math.round(clock.monotonic() - began);
  try {
    const answer = await withDeadline(timeoutMs, clock, (signal) => fetchText(healthUrl, signal));
    return interpret(answer, took());
  } catch (error) {
    return { kind: 'no_answer', ...explain(error, timeoutMs), latencyMs: took() };
  }
}

interface Answer {
  status: number;
  /** Null when it was longer than a health report can be. */
  text: string | null;
}

/** A connection of its own each time, so that what is probed is what a new client meets. */
function fetchText(url: string, signal: AbortSignal): Promise<Answer> {
  const get = url.startsWith('https:') ? httpsGet : httpGet;
  return new Promise((resolve, reject) => {
    const request = get(
      url,
      { agent: false, signal, headers: { accept: 'application/json', connection: 'close' } },
      (response) => {
        readBounded(response)
          .then((text) => resolve({ status: response.statusCode ?? 0, text }))
          .catch(reject)
          .finally(() => request.destroy());
      },
    );
    request.on('error', reject);
  });
}

async function readBounded(response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function interpret({ status, text }: Answer, latencyMs: number): Outcome {
  const report = text === null ? null : parseReport(text);
  if (report === null) return notOurs(status, text, latencyMs);
  return {
    kind: 'answered',
    status: report.status,
    httpStatus: status,
    causes: causesOf(report.causes),
    pid: Value.Check(ReportedProcess, report.process) ? report.process.pid : null,
    jobsHeartbeatAgeS: Value.Check(ReportedApplication, report.application)
      ? report.application.jobs_heartbeat_age_seconds
      : null,
    latencyMs,
  };
}

function causesOf(reported: unknown): Cause[] {
  if (!Array.isArray(reported)) return [];
  return reported
    .slice(0, MAX_CAUSES)
    .filter((cause) => Value.Check(ReportedCause, cause))
    .map((cause) => ({
      code: cut(cause.code),
      severity: cut(cause.severity ?? 'unknown'),
      message: cut(cause.message ?? ''),
      restartWouldHelp: cause.restart_would_help === true,
    }));
}

function parseReport(text: string): Report | null {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Report, value) ? value : null;
  } catch {
    return null;
  }
}

function notOurs(status: number, text: string | null, latencyMs: number): NoAnswer {
  const what =
    text === null ? `a body over ${MAX_BODY_BYTES} bytes` : JSON.stringify(text.slice(0, 80));
  return {
    kind: 'no_answer',
    reason: status >= 500 ? 'server_error' : 'foreign',
    detail: `HTTP ${status} without a health report: ${what}`,
    latencyMs,
  };
}

function explain(error: unknown, timeoutMs: number): { reason: NoAnswerReason; detail: string } {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (code === 'deadline_exceeded' || name === 'AbortError') {
    return { reason: 'timeout', detail: `no whole answer within ${timeoutMs} ms` };
  }
  const refused = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'];
  const reason = typeof code === 'string' && refused.includes(code) ? 'refused' : 'broken';
  return { reason, detail: cut(messageOf(error) || String(code)) };
}

/** What comes over the network is cleaned here, once for all who read it. */
const cut = (text: string): string => oneLine(text, MAX_TEXT);

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
