import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import { withDeadline } from '../../src/retry.js';
import { ask, hostOf } from './outbound.js';

export interface HeartbeatOptions {
  /** May carry a token: only its host is ever told. */
  url: string;
  clock: Clock;
  log: Log;
  timeoutMs?: number;
  everyMs?: number;
}

export interface Heartbeat {
  /** After each completed probe. Returns at once; whether it is due, it knows itself. */
  beat(): void;
  /** Ends the one in flight; no other follows. */
  close(): void;
}

const TIMEOUT_MS = 10_000;
const EVERY_MS = 60_000;

/**
 * Tells a dead man's switch that the monitor probes. One request at most is in flight, and a
 * failed one is not repeated: the next comes in a minute, and the switch has its own patience.
 */
export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { url, clock, log, timeoutMs = TIMEOUT_MS, everyMs = EVERY_MS } = options;
  const host = hostOf(url);
  const closed = new AbortController();
  let last = Number.NEGATIVE_INFINITY;
  let flying = false;
  let said: string | null = null;

  async function send(): Promise<void> {
    const trouble = await attempt();
    flying = false;
    if (closed.signal.aborted || trouble === said) return;
    if (trouble === null) log.info(`the heartbeat reaches ${host} again`);
    else log.warn({ why: trouble }, `the heartbeat does not reach ${host}: ${trouble}`);
    said = trouble;
  }

  /** @returns what was wrong; null: nothing */
  async function attempt(): Promise<string | null> {
    try {
      const { status } = await withDeadline(timeoutMs, clock, (deadline) =>
        ask({ method: 'GET', url, signal: AbortSignal.any([deadline, closed.signal]) }),
      );
      return status >= 200 && status < 300 ? null : `HTTP ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : 'failed';
    }
  }

  return {
    beat() {
      const now = clock.monotonic();
      if (flying || closed.signal.aborted || now - last < everyMs) return;
      last = now;
      flying = true;
      void send();
    },
    close: () => closed.abort(),
  };
}
