import { hostname } from 'node:os';
import type { Clock } from '../../src/clock.js';
import { type Answered, ask, hostOf } from './outbound.js';
import type { Channel, Delivery, Message } from './channel.js';
import { slackPayload } from './slack.js';

export interface WebhookOptions {
  /** A secret: it carries a token. Only its host is ever told. */
  url: string;
  format: 'json' | 'slack';
  clock: Clock;
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
/** What may pass: a time-out, too early, too many, and every fault of the server's own. */
const PASSING = [408, 425, 429];

/**
 * POST of each notice. `Idempotency-Key` is the notice's id: what was delivered just before
 * a crash comes twice with the same one.
 */
export function webhookChannel(options: WebhookOptions): Channel {
  const { url, format, clock, timeoutMs = TIMEOUT_MS } = options;
  const host = hostname();
  return {
    name: 'webhook',
    label: `the webhook at ${hostOf(url)}`,
    timeoutMs,
    async deliver(message, signal) {
      const payload = format === 'slack' ? slackPayload(message, host) : plain(message, host);
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'idempotency-key': keyOf(message),
        'user-agent': 'sentimentagent-monitor',
      };
      const body = JSON.stringify(payload);
      try {
        return judge(await ask({ method: 'POST', url, headers, body, signal }), clock);
      } catch (error) {
        const why = error instanceof Error ? error.message : 'failed';
        return { kind: 'failed', why, answered: false, retryAfterMs: null };
      }
    },
  };
}

function plain({ notice, text, late }: Message, host: string): object {
  return { ...notice, text, late, source: 'sentimentagent', host };
}

/** A header takes printable ASCII only. */
const keyOf = ({ notice }: Message): string => notice.id.replace(/[^\x21-\x7e]/g, '_');

function judge({ status, retryAfter }: Answered, clock: Clock): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const redirect = status >= 300 && status < 400;
  const why = `HTTP ${status}${redirect ? ' (a redirect, which is not followed)' : ''}`;
  if (status >= 400 && status < 500 && !PASSING.includes(status)) return { kind: 'refused', why };
  return { kind: 'failed', why, answered: true, retryAfterMs: waitOf(retryAfter, clock) };
}

/** `Retry-After`: seconds, or a date. */
function waitOf(retryAfter: string | null, clock: Clock): number | null {
  if (retryAfter === null) return null;
  const ms = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - clock.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
