import { parseArgs } from 'node:util';
import { AppError } from '../errors.js';
import { type Fault, FAULT_KINDS, FAULT_ROUTES, parseFault } from './faults.js';
import { type RateLimit, REDDIT_RATE_LIMIT } from './rate-limit.js';

export interface SimulatorArguments {
  help: boolean;
  port: number;
  seed: number;
  tokenTtlSeconds: number;
  /** Empty: generated communities. */
  replay: string[];
  /** What goes wrong from the start. */
  faults: Fault[];
  rateLimit: RateLimit;
}

const KINDS = Object.entries(FAULT_KINDS)
  .map(([kind, what]) => `  ${kind.padEnd(16)}${what}`)
  .join('\n');

export const USAGE = `Usage: npm run simulator -- [options]

A server on 127.0.0.1 that speaks what a client of Reddit's API uses. It serves the
subreddits named in SUBREDDITS, and accepts any client id and secret.

  --port N             port to listen on; 0 takes a free one (default 8010)
  --seed S             which generated world (default 1)
  --token-ttl SECONDS  how long an access token is good for (default 86400)
  --rate-limit R/S     requests that one client has in S seconds (default 600/600, as Reddit)
  --replay FILES…      serve recorded things instead: NDJSON of {kind, data}, plain or gzip
  --fault KIND[,route=R][,subreddit=S][,count=N][,retry_after=SECONDS]
                       something that goes wrong, N times or for ever; may be given again:
                       of several that fit a request the first wins
  --help               this text

Routes of faults: ${FAULT_ROUTES.join(', ')}; without one, all of them. Kinds:
${KINDS}

While it runs: POST /simulator/faults takes one fault or an array, as JSON, GET lists them
with their hits, DELETE removes all and ends held connections. GET /simulator/listed tells
the ids that a complete collection has now, GET /simulator/requests how much was asked.

When it is ready it prints one line to standard output that begins with {"listening":
Exit codes: 0 ended by SIGINT or SIGTERM, 64 wrong arguments or files, 78 wrong
configuration or port in use, 1 anything else.
`;

/** @throws AppError `invalid_request` that names what is wrong and what would be right. */
export function parseArguments(args: readonly string[]): SimulatorArguments {
  const { values, positionals } = parse(args);
  const replay = values.replay === undefined ? [] : [...values.replay, ...positionals];
  if (values.replay === undefined && positionals.length > 0) {
    throw wrong(`${JSON.stringify(positionals[0])} is not an option: files go after --replay`);
  }
  return {
    help: values.help ?? false,
    port: whole('--port', values.port ?? '8010', 0, 65_535),
    seed: whole('--seed', values.seed ?? '1', 0, 2 ** 32 - 1),
    tokenTtlSeconds: whole('--token-ttl', values['token-ttl'] ?? '86400', 1, 31_536_000),
    replay,
    faults: (values.fault ?? []).map(parseFault),
    rateLimit: rateLimitOf(values['rate-limit']),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        seed: { type: 'string' },
        'token-ttl': { type: 'string' },
        'rate-limit': { type: 'string' },
        replay: { type: 'string', multiple: true },
        fault: { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw wrong(
      `${sentence ?? ''}; the options are --port, --seed, --token-ttl, --rate-limit, --replay, --fault and --help`,
    );
  }
}

function whole(option: string, given: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw wrong(
    `${option} ${JSON.stringify(given)} is not accepted: it takes a whole number from ${minimum} to ${maximum}`,
  );
}

function rateLimitOf(given: string | undefined): RateLimit {
  if (given === undefined) return REDDIT_RATE_LIMIT;
  const [, requests, seconds] = /^([1-9]\d{0,8})\/([1-9]\d{0,6})$/.exec(given) ?? [];
  if (requests === undefined || seconds === undefined) {
    throw wrong(
      `--rate-limit ${JSON.stringify(given)} is not accepted: it takes REQUESTS/SECONDS, whole numbers from 1, as in 600/600`,
    );
  }
  return { requests: Number(requests), windowMs: Number(seconds) * 1000 };
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message);
}
