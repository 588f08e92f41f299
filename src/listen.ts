import cluster from 'node:cluster';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { AppError } from './errors.js';
import type { Api } from './routes/context.js';

const PROBE_TIMEOUT_MS = 500;
const BODY_LIMIT = 65_536;

/**
 * Listens and answers the URL it can be reached at.
 * @throws AppError `port_in_use`, naming the other process when it is one of ours, or
 *   `config_invalid` for an address that this machine or user may not listen on.
 */
export async function listen(app: Api, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw await listenError(error as NodeJS.ErrnoException, host, port);
  }
}

/**
 * Tries the port before anything else is built, so that a second system on it ends at once
 * whatever state the store is in. Not in a worker of a cluster: there the listening socket is
 * the daemon's, a reload shares it between the old worker and the new one, and whoever tried
 * it would take requests away from the old one. Its own `listen` finds out later.
 *
 * @throws AppError as `listen` does.
 */
export async function refuseTakenPort(host: string, port: number): Promise<void> {
  if (cluster.isWorker || port === 0) return;
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, resolve);
    });
  } catch (error) {
    throw await listenError(error as NodeJS.ErrnoException, host, port);
  }
  await new Promise((resolve) => server.close(resolve));
}

async function listenError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
): Promise<Error> {
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    const owner = await whoAnswers(host, port);
    return new AppError('port_in_use', `${place} is in use by ${owner.name}`, {
      cause: error,
      cure: `${owner.cure}, or set API_PORT to a free port`,
    });
  }
  if (error.code === 'EACCES') {
    return new AppError('config_invalid', `This user may not listen on ${place}`, {
      cause: error,
      cure: 'set API_PORT to a port above 1023',
    });
  }
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(error.code ?? '')) {
    return new AppError('config_invalid', `API_HOST=${host} is no address of this machine`, {
      cause: error,
      cure: 'set API_HOST to 127.0.0.1, or to an address that `ip addr` shows',
    });
  }
  return error;
}

/** Asks whoever holds the port for its health: another of ours says its pid. */
async function whoAnswers(host: string, port: number): Promise<{ name: string; cure: string }> {
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  const body = await fetchHealth(reachable, port);
  if (body === null) {
    return { name: 'another program', cure: `stop it (ss -ltnp 'sport = :${port}' names it)` };
  }
  return body.pid === null
    ? { name: 'another SentimentAgent', cure: 'stop it (npm stop)' }
    : {
        name: `another SentimentAgent, pid ${body.pid}`,
        cure: `stop that one (npm stop, or kill ${body.pid})`,
      };
}

/** Null when nothing answers in time, or what answers is not ours. */
function fetchHealth(host: string, port: number): Promise<{ pid: number | null } | null> {
  return new Promise((resolve) => {
    const request = get(
      { host, port, path: '/health', agent: false, signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length > BODY_LIMIT) request.destroy();
        });
        response.on('end', () => resolve(ourHealth(text)));
        response.on('error', () => resolve(null));
      },
    );
    request.on('error', () => resolve(null));
    request.on('close', () => resolve(null));
  });
}

function ourHealth(text: string): { pid: number | null } | null {
  try {
    const body = JSON.parse(text) as {
      status?: unknown;
      timestamp?: unknown;
      process?: { pid?: unknown };
    };
    if (!['healthy', 'degraded', 'unhealthy'].includes(String(body.status))) return null;
    if (typeof body.timestamp !== 'string') return null;
    const pid = body.process?.pid;
    return { pid: typeof pid === 'number' ? pid : null };
  } catch {
    return null;
  }
}
