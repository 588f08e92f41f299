import cluster from 'node:cluster';
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Config, Secrets } from './config.js';

export type Log = Logger;

/** Fields that are masked wherever they stand in a line. */
const SECRET_FIELDS =
  /"((?:[a-z_-]*(?:secret|password|token|authorization|cookie|api_?key))|cosmos_key)":"(?:[^"\\]|\\.)*"/gi;

/**
 * JSON lines in production, readable ones in development. Writes are synchronous: the
 * last line before an exit is the one that matters, and asynchronous transports lose it.
 * (In a worker of PM2's they cannot be: see `flushLog`.)
 *
 * @param name `api`, `jobs`, `monitor` or the command, in every line.
 */
export async function createLog(
  name: string,
  config: Pick<Config, 'nodeEnv' | 'logLevel'>,
  secrets: Partial<Secrets> = {},
  destination?: DestinationStream,
): Promise<Log> {
  const mask = masker(Object.values(secrets));
  return pino(
    {
      name,
      level: config.logLevel,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: mask },
    },
    destination ?? (await stdoutFor(config.nodeEnv)),
  );
}

async function stdoutFor(nodeEnv: Config['nodeEnv']): Promise<DestinationStream> {
  if (cluster.isWorker) return pm2Output;
  if (nodeEnv !== 'development') return pino.destination({ fd: 1, sync: true });
  const { default: pretty } = await import('pino-pretty');
  return pretty({ sync: true, colorize: process.stdout.isTTY, ignore: 'hostname' });
}

/**
 * In cluster mode descriptor 1 is the output of PM2's daemon; the app's own log is what
 * PM2 puts behind `process.stdout.write`, and that is a stream that writes later.
 */
const pm2Output: DestinationStream = { write: (line) => void process.stdout.write(line) };

/** Waits until what was logged is on its way to the disk; at most a second. Before an exit. */
export async function flushLog(): Promise<void> {
  if (!cluster.isWorker) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, 1000);
    process.stdout.write('', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Removes secrets by field name and by value, also where a value stands inside a text. */
export function masker(values: (string | null | undefined)[]): (line: string) => string {
  const needles = values
    .filter((value): value is string => typeof value === 'string' && value.length >= 4)
    .flatMap((value) => [
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      Buffer.from(value).toString('base64'),
    ]);
  return (line) => {
    let masked = line.replace(SECRET_FIELDS, '"$1":"[masked]"');
    for (const needle of needles) masked = masked.replaceAll(needle, '[masked]');
    return masked;
  };
}
