import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ErrorCode } from './errors.js';

/** What is counted, in prom-client's hands; no other file knows it. */
export interface Recorder {
  request(about: RequestFigures): void;
  storeCall(call: string, about: StoreCallFigures): void;
  /**
   * What a call of an account of Cosmos DB cost.
   *
   * @param ru request units
   * @param route the pattern of the route whose request led to it; null: none did
   */
  storeCharge(call: string, ru: number, route: string | null): void;
  /** How a question to the answer cache was answered. @param route its pattern, never its URL */
  answer(route: string, outcome: string): void;
  /**
   * A figure that is read at each scrape; null: not known, and then not shown. `read` looks at
   * memory only: it neither waits nor throws.
   * @param name without the prefix `sentimentagent_`, with the unit at its end
   */
  gauge(name: string, help: string, read: () => number | null): void;
  /** The same with one label, whose values are few and known. */
  gauges(
    name: string,
    help: string,
    label: string,
    read: () => Iterable<readonly [value: string, figure: number]>,
  ): void;
  /** Everything, in Prometheus' text format. */
  expose(): Promise<{ contentType: string; body: string }>;
}

export interface RequestFigures {
  /** The route's pattern, never its URL: every new value is kept for ever. */
  route: string;
  method: string;
  /** `aborted`: the client had gone before the answer was complete. */
  status: number | 'aborted';
  ms: number;
}

export interface StoreCallFigures {
  ms: number;
  /** Null: it succeeded. */
  code: ErrorCode | null;
}

const PREFIX = 'sentimentagent_';
/** Memory answers in fractions of a millisecond; a request ends by its deadlines in seconds. */
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
/** The usual deadline of a call is 1.5 s. */
const CALL_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2];

export function createRecorder(version: string): Recorder {
  const ofProcess = processRegistry();
  const registry = new Registry();
  const registers = [registry];
  const named = (name: string, help: string) => ({ name: PREFIX + name, help, registers });

  const requests = new Histogram({
    ...named('http_request_duration_seconds', 'From the arrival of a request to the end of it'),
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_BUCKETS,
  });
  const calls = new Histogram({
    ...named('store_call_duration_seconds', 'How long calls of the store took, failures included'),
    labelNames: ['call'],
    buckets: CALL_BUCKETS,
  });
  const failures = new Counter({
    ...named('store_call_errors_total', 'Calls of the store that failed'),
    labelNames: ['call', 'code'],
  });
  const units = new Counter({
    ...named('store_request_units_total', 'Request units that calls of the Cosmos account cost'),
    labelNames: ['call', 'route'],
  });
  const answers = new Counter({
    ...named('answers_total', 'Questions to the answer cache'),
    labelNames: ['route', 'outcome'],
  });
  const build = new Gauge({
    ...named('build_info', 'Always 1'),
    labelNames: ['version', 'node'],
  });
  build.set({ version, node: process.version }, 1);

  return {
    request: ({ route, method, status, ms }) =>
      requests.observe({ route, method, status: String(status) }, ms / 1000),
    storeCall(call, { ms, code }) {
      calls.observe({ call }, ms / 1000);
      if (code !== null) failures.inc({ call, code });
    },
    storeCharge: (call, ru, route) => units.inc({ call, route: route ?? 'none' }, ru),
    answer: (route, outcome) => answers.inc({ route, outcome }),
    gauge(name, help, read) {
      new Gauge({
        ...named(name, help),
        collect() {
          const figure = read();
          if (figure === null) this.remove();
          else this.set(figure);
        },
      });
    },
    gauges(name, help, label, read) {
      new Gauge({
        ...named(name, help),
        labelNames: [label],
        collect() {
          this.reset();
          for (const [value, figure] of read()) this.set({ [label]: value }, figure);
        },
      });
    },
    async expose() {
      const [own, shared] = await Promise.all([registry.metrics(), ofProcess.metrics()]);
      return { contentType: registry.contentType, body: `${own}\n${shared}` };
    },
  };
}

let ofThisProcess: Registry | null = null;

/**
 * Memory, processor time, event loop and collections of garbage belong to the process: one
 * registry for all, as each would leave a timer and an observer behind that nothing ends.
 */
function processRegistry(): Registry {
  if (ofThisProcess === null) {
    ofThisProcess = new Registry();
    collectDefaultMetrics({
      ...{ register: ofThisProcess, prefix: PREFIX },
      eventLoopMonitoringPrecision: 20, // milliseconds, as the health report's
    });
  }
  return ofThisProcess;
}
