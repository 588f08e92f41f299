import { parseArgs } from 'node:util';
import { AppError } from '../errors.js';

export interface SimulatorArguments {
  help: boolean;
  port: number;
  seed: number;
  tokenTtlSeconds: number;
  /** Empty: generated communities. */
  replay: string[];
}

export const USAGE = `Usage: npm run simulator -- [options]

A server on 127.0.0.1 that speaks what a client of Reddit's API uses. It serves the
subreddits named in SUBREDDITS, and accepts any client id and secret.

  --port N             port to listen on; 0 takes a free one (default 8010)
  --seed S             which generated world (default 1)
  --token-ttl SECONDS  how long an access token is good for (default 86400)
  --replay FILES…      serve recorded things instead: NDJSON of {kind, data}, plain or gzip
  --help               this text

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
        replay: { type: 'string', multiple: true },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split('. ');
    throw wrong(
      `${sentence ?? ''}; the options are --port, --seed, --token-ttl, --replay and --help`,
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

function wrong(message: string): AppError {
  return new AppError('invalid_request', message);
}
