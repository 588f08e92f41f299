import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import type { MonitorMetrics } from './metrics.js';

export interface MetricsServerOptions {
  /** MONITOR_METRICS_PORT; 0: none. */
  port: number;
  metrics: Pick<MonitorMetrics, 'expose' | 'state'>;
  clock: Clock;
  log: Log;
}

export interface MetricsServer {
  /** Where it listens now; null while it does not. */
  port(): number | null;
  /** Ends connections, too. Idempotent. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LIMITS = { maxHeaderSize: 8192, requestTimeout: 5000, headersTimeout: 5000 };
/** How often connections are looked at for those limits. */
const CHECK_MS = 1000;
const MAX_CONNECTIONS = 32;
/** A client that neither sends nor reads is cut off. */
const IDLE_MS = 5000;
const FIRST_RETRY_MS = 10_000;
const MAX_RETRY_MS = 300_000;

/**
 * Serves `GET /metrics` and `GET /state` on loopback. A port that cannot be had is warned of once
 * and tried again at growing intervals: the monitor goes on without. Never throws.
 */
export function startMetricsServer(options: MetricsServerOptions): MetricsServer {
  const { port, clock, log } = options;
  const stop = new AbortController();
  let listening: Server | null = null;

  async function serve(): Promise<void> {
    let warned = false;
    for (let delayMs = FIRST_RETRY_MS; !stop.signal.aborted; delayMs *= 2) {
      const server = build(options);
      const problem = await listen(server, port);
      if (problem === null) {
        server.on('error', (error) => log.warn({ err: error }, 'the metrics port had an error'));
        listening = server;
        if (stop.signal.aborted) await end(server);
        else log.info({ port }, `metrics on http://${HOST}:${port}/metrics and /state`);
        return;
      }
      if (!warned) log.warn({ port, code: problem }, warning(port, problem));
      warned = true;
      await clock.sleep(Math.min(delayMs, MAX_RETRY_MS), stop.signal);
    }
  }

  const work = port === 0 ? Promise.resolve() : serve();
  return {
    port: () => (listening?.address() as AddressInfo | null | undefined)?.port ?? null,
    async close() {
      stop.abort();
      await work;
      if (listening !== null) await end(listening);
    },
  };
}

function warning(port: number, code: string): string {
  const cure =
    code === 'EADDRINUSE'
      ? `ss -ltnp 'sport = :${port}' names who has it; end that, or set MONITOR_METRICS_PORT to a free port, or to 0`
      : 'set MONITOR_METRICS_PORT to a free port above 1023, or to 0';
  return `no metrics: port ${port} on ${HOST} cannot be had (${code}), it is tried again. Cure: ${cure}`;
}

function build(options: MetricsServerOptions): Server {
  const server = createServer(
    { ...LIMITS, connectionsCheckingInterval: CHECK_MS, keepAlive: false },
    (request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        options.log.warn({ err: error }, 'a question to the metrics port failed');
        response.destroy();
      });
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(IDLE_MS);
  return server;
}

/** Answers the error's code; null when it listens. */
function listen(server: Server, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: HOST, port }, () => {
      server.removeAllListeners('error');
      resolve(null);
    });
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function answer(
  { metrics }: MetricsServerOptions,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, contentType: string, body: string, more: object = {}) => {
    response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      connection: 'close', // readers come minutes apart: nothing is to be kept open for them
      ...more,
    });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const text = 'text/plain; charset=utf-8';
  if (method !== 'GET' && method !== 'HEAD') {
    send(405, text, 'only GET and HEAD\n', { allow: 'GET, HEAD' });
    return;
  }
  const path = (url ?? '').split('?')[0];
  if (path === '/state') send(200, 'application/json; charset=utf-8', metrics.state());
  else if (path === '/metrics') {
    const { contentType, body } = await metrics.expose();
    send(200, contentType, body);
  } else send(404, text, 'there are /metrics and /state\n');
}
