import { once } from './once.js';
import type { Recorder, RequestFigures, StoreCallFigures } from './prometheus.js';

/**
 * What this process counts and measures, for Prometheus. Several API processes count each for
 * itself. `deployment/METRICS.md` names every metric (test/api/metrics.test.ts compares).
 */
export interface Metrics extends Omit<Recorder, 'request' | 'storeCall'> {
  /** A request has arrived. What comes back is to be called once, when it is over. */
  request(): (about: RequestFigures) => void;
  /** A call of the store begins. What comes back is to be called once, when it has ended. */
  storeCall(call: string): (about: StoreCallFigures) => void;
}

/** Observations that are kept until the library is there, and at which it is loaded. */
const LOAD_AT = 1000;
/** Beyond this many they are dropped: the library cannot be loaded then. */
const MAX_PENDING = 10_000;

/**
 * A registry of its own for each caller. prom-client takes tens of milliseconds to load, which
 * a start had better not wait for: it is loaded by the first scrape, or when so much has been
 * observed that it no longer pays to keep it.
 */
export function createMetrics({ version }: { version: string }): Metrics {
  const pending: ((recorder: Recorder) => void)[] = [];
  let recorder: Recorder | null = null;
  let inFlight = 0;
  let outstanding = 0;

  const loading = once(async (): Promise<Recorder> => {
    const { createRecorder } = await import('./prometheus.js');
    const made = createRecorder(version);
    for (const late of pending.splice(0)) late(made);
    recorder = made;
    return made;
  });
  const record = (what: (to: Recorder) => void) => {
    if (recorder !== null) {
      what(recorder);
      return;
    }
    if (pending.length < MAX_PENDING) pending.push(what);
    // A scrape reports why it cannot be loaded.
    if (pending.length === LOAD_AT) loading.get().catch(() => undefined);
  };

  record((to) => {
    to.gauge('http_requests_in_flight', 'Requests that are not over', () => inFlight);
    to.gauge('store_calls_outstanding', 'Calls without an answer', () => outstanding);
  });
  return {
    request() {
      inFlight += 1;
      return (about) => {
        inFlight -= 1;
        record((to) => to.request(about));
      };
    },
    storeCall(call) {
      outstanding += 1;
      return (about) => {
        outstanding -= 1;
        record((to) => to.storeCall(call, about));
      };
    },
    storeCharge: (call, ru, route) => record((to) => to.storeCharge(call, ru, route)),
    answer: (route, outcome) => record((to) => to.answer(route, outcome)),
    gauge: (name, help, read) => record((to) => to.gauge(name, help, read)),
    gauges: (name, help, label, read) => record((to) => to.gauges(name, help, label, read)),
    expose: async () => (await loading.get()).expose(),
  };
}
