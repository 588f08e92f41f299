import { Counter, Gauge, Registry } from 'prom-client';
import { NOTICE_KINDS, type Notice } from '../notify/notice.js';
import type { Observation, Outcome, Silence, SupervisorView } from '../observe/observation.js';

/** What the loop knows beyond the observation itself. */
export interface MonitorFigures {
  /** Incidents that are not over. */
  incidents: OpenIncident[];
  /** Restarts left in the window, by process. */
  budgetLeft: Record<string, number>;
  /** Seconds until a process reaches its memory limit, by process; those without forecast are absent. */
  forecastS: Record<string, number>;
  /** Notices that wait for a channel that is down. */
  noticesQueued: number;
  own: OwnFigures;
}

export interface OpenIncident {
  id: string;
  subject: string;
  cause: string;
  /** ISO time of its first failing probe. */
  since: string;
  escalated: boolean;
  restarts: number;
  /** Null where no restart would be made. */
  budgetLeft: number | null;
}

/** The monitor's own process. */
export interface OwnFigures {
  memoryMb: number;
  /** The longest delay of its event loop since the look before. */
  loopDelayMs: number;
}

/** What programs read of the monitor. The loop pushes, nothing is asked or computed by a reader. */
export interface MonitorMetrics {
  observe(observation: Observation, figures: MonitorFigures): void;
  /** A restart that was made, not one that was only decided. */
  restarted(process: string, cause: string): void;
  notified(notice: Pick<Notice, 'kind'>): void;
  /** In Prometheus' text format. */
  expose(): Promise<{ contentType: string; body: string }>;
  /** As JSON: what is going on. */
  state(): string;
}

const PREFIX = 'sentimentagent_monitor_';
const BYTES_PER_MB = 1024 * 1024;
/** Causes come from what answers at MONITOR_HEALTH_URL; each new one is kept for ever. */
const MAX_CAUSES = 50;

export function createMonitorMetrics(): MonitorMetrics {
  const registry = new Registry();
  const gauges = createGauges(registry);
  const counters = createCounters(registry);
  const causes = new Set<string>();
  let state = `${JSON.stringify({ observed: null })}\n`;
  /** The text as of the last change; null when something has changed since. */
  let text: Promise<string> | null = null;

  return {
    observe(observation, figures) {
      text = null;
      counters.probes.inc({ outcome: outcomeOf(observation.outcome) });
      setAll(gauges, observation, figures);
      state = `${JSON.stringify(stateOf(observation, figures))}\n`;
    },
    restarted(process, cause) {
      text = null;
      if (causes.size < MAX_CAUSES) causes.add(cause);
      counters.restarts.inc({ process, cause: causes.has(cause) ? cause : 'other' });
    },
    notified({ kind }) {
      text = null;
      counters.notices.inc({ kind });
    },
    async expose() {
      text ??= registry.metrics();
      return { contentType: registry.contentType, body: await text };
    },
    state: () => state,
  };
}

function createCounters(registry: Registry) {
  const registers = [registry];
  const named = (name: string, help: string) => ({ name: PREFIX + name, help, registers });
  const notices = new Counter({
    ...named('notices_total', 'What people were told'),
    labelNames: ['kind'],
  });
  for (const kind of NOTICE_KINDS) notices.inc({ kind }, 0);
  return {
    probes: new Counter({
      ...named('probes_total', 'Probes by what they found'),
      labelNames: ['outcome'],
    }),
    restarts: new Counter({
      ...named('restarts_total', 'Restarts that the monitor made'),
      labelNames: ['process', 'cause'],
    }),
    notices,
  };
}

type Gauges = ReturnType<typeof createGauges>;

function createGauges(registry: Registry) {
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name: PREFIX + name, help, registers: [registry], labelNames });
  return {
    apiUp: gauge('api_up', '1 while the API answers healthy or degraded'),
    latency: gauge('probe_seconds', 'Duration of the last probe of /health'),
    lastProbe: gauge('last_probe_timestamp_seconds', 'Time of the last probe, since the epoch'),
    pm2: gauge('pm2_reachable', '1 while PM2 answers'),
    open: gauge('open_incidents', 'Incidents that are not over', 'subject'),
    escalated: gauge('escalated_incidents', 'Of those, given to a human'),
    silences: gauge('silences', 'Silences in force'),
    queued: gauge('notices_queued', 'Notices that wait for a channel that is down'),
    memory: gauge('memory_bytes', 'Resident memory with children, of the greatest', 'process'),
    forecast: gauge('forecast_seconds_to_limit', 'Until the memory limit is reached', 'process'),
    budget: gauge('restart_budget_left', 'Restarts left in the window', 'process'),
    ownMemory: gauge('resident_memory_bytes', "The monitor's own resident memory"),
    ownDelay: gauge('event_loop_delay_seconds', 'Longest delay of its event loop between probes'),
  };
}

function setAll(gauges: Gauges, observation: Observation, figures: MonitorFigures): void {
  const { outcome, supervisor, silences, time } = observation;
  const up = outcome.kind === 'answered' && outcome.status !== 'unhealthy';
  gauges.apiUp.set(up ? 1 : 0);
  gauges.latency.set(outcome.latencyMs / 1000);
  gauges.lastProbe.set(Date.parse(time) / 1000);
  gauges.pm2.set(supervisor.reachable ? 1 : 0);
  gauges.silences.set(silences.length);
  gauges.queued.set(figures.noticesQueued);
  gauges.escalated.set(figures.incidents.filter(({ escalated }) => escalated).length);
  gauges.ownMemory.set(figures.own.memoryMb * BYTES_PER_MB);
  gauges.ownDelay.set(figures.own.loopDelayMs / 1000);
  setEach(gauges.memory, 'process', memoryBytes(supervisor));
  setEach(gauges.forecast, 'process', Object.entries(figures.forecastS));
  setEach(gauges.budget, 'process', Object.entries(figures.budgetLeft));
  gauges.open.reset();
  for (const { subject } of figures.incidents) gauges.open.inc({ subject });
}

/** What is not known any more is absent, not what it was. */
function setEach(gauge: Gauge, label: string, figures: Iterable<[string, number]>): void {
  gauge.reset();
  for (const [value, figure] of figures) gauge.set({ [label]: value }, figure);
}

/** By name; of several instances the greatest, for the limit is each one's own. */
function memoryBytes(supervisor: SupervisorView): Map<string, number> {
  const found = new Map<string, number>();
  if (!supervisor.reachable) return found;
  for (const { name, memoryMb } of supervisor.processes) {
    if (memoryMb === null) continue;
    found.set(name, Math.max(found.get(name) ?? 0, Math.round(memoryMb * BYTES_PER_MB)));
  }
  return found;
}

const outcomeOf = (outcome: Outcome): string =>
  outcome.kind === 'answered' ? outcome.status : outcome.reason;

function stateOf({ time, outcome, silences }: Observation, figures: MonitorFigures): object {
  return {
    observed: time,
    outcome: outcomeOf(outcome),
    incidents: figures.incidents.map(({ id, budgetLeft, ...rest }) => ({
      incident: id,
      ...rest,
      budget_left: budgetLeft,
    })),
    escalated: figures.incidents.some(({ escalated }) => escalated),
    restart_budget_left: figures.budgetLeft,
    forecast_seconds_to_limit: figures.forecastS,
    notices_queued: figures.noticesQueued,
    silences: silences.map(({ until, subject, reason, restarts }: Silence) => ({
      ...{ until, subject, reason, restarts },
    })),
  };
}
