import type { Clock } from './clock.js';
import type { Log } from './log.js';
import type { Api } from './routes/context.js';

export interface ClosingOptions {
  clock: Clock;
  log: Log;
  /** SHUTDOWN_DEADLINE_SECONDS of the whole process; connections are cut well before it. */
  shutdownDeadlineMs: number;
  /** What those who close after the API may need of it. */
  reserveMs: number;
}

/** Time for clients to see `connection: close` and for a cluster to route to the new process. */
const PAUSE_MS = 300;
/** A connection that was accepted but has sent nothing is given this long to do so. */
const SILENT_CONNECTION_MS = 1000;
/** Lets last bytes leave, and PM2 notice that the listener is gone. */
const SETTLE_MS = 400;
const POLL_MS = 25;

/**
 * Stops listening without failing anybody's request (PITFALLS, PM2 reload): replies carry
 * `connection: close` from the moment the process was told to end, requests that still
 * arrive are answered, and only then are connections without a request cut. At the
 * deadline everything is cut.
 */
export async function closeGracefully(
  app: Api,
  inFlight: () => number,
  { clock, log, shutdownDeadlineMs, reserveMs }: ClosingOptions,
): Promise<void> {
  const began = clock.monotonic();
  const deadlineMs = Math.max(
    shutdownDeadlineMs / 3, // however short it is, requests get a part of it
    shutdownDeadlineMs - SETTLE_MS - reserveMs,
  );
  await clock.sleep(Math.min(PAUSE_MS, deadlineMs));

  const closed = new AbortController();
  const closing = app.close().finally(() => closed.abort());
  const drainingSince = clock.monotonic();
  while (!closed.signal.aborted) {
    const late = clock.monotonic() - began >= deadlineMs;
    const silentOnly =
      inFlight() === 0 && clock.monotonic() - drainingSince >= SILENT_CONNECTION_MS;
    if (late || silentOnly) {
      if (inFlight() > 0)
        log.warn({ in_flight: inFlight() }, 'cutting connections at the deadline');
      app.server.closeAllConnections();
      break;
    }
    await clock.sleep(POLL_MS, closed.signal);
  }
  await closing;
  await clock.sleep(SETTLE_MS);
}

/** Counts the requests that have no complete answer yet. Call before the app listens. */
export function countInFlight(app: Pick<Api, 'server'>): () => number {
  let inFlight = 0;
  app.server.prependListener('request', (_request, response) => {
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
    });
  });
  return () => inFlight;
}
