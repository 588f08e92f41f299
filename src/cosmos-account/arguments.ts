import { parseArgs } from 'node:util';
import { AppError } from '../errors.js';
import type { Throughput } from './account.js';
import { FAULT_KINDS, FAULT_OPERATIONS } from './faults.js';

export interface CosmosAccountArguments {
  help: boolean;
  port: number;
  /** Undefined: a random one. */
  key: string | undefined;
  throughput: Throughput;
  replicaLag: number;
}

const KINDS = Object.entries(FAULT_KINDS)
  .map(([kind, what]) => `  ${kind.padEnd(12)}${what}`)
  .join('\n');

export const USAGE = `Usage: npm run cosmos:account -- [options]

A server on 127.0.0.1 that speaks what @azure/cosmos uses of the protocol of an account of
Azure Cosmos DB for NoSQL, strictly, and holds everything in memory.

  --port N           port to listen on; 0 takes a free one (default 8020)
  --key BASE64       key of the account (default: a random one, told when it is ready)
  --throughput RU    RU/s of every container, or "offered" for what each was created with
                     (default: unlimited)
  --replica-lag N    reads without a session token do not see a range's latest N commits
                     (default 0)
  --help             this text

While it runs, without a signature: POST /_control/faults takes one fault or an array, as JSON
{"kind", "operation", "container", "count", "skip", "ms"}, GET lists them with their hits, DELETE
heals all. GET /_control/requests tells how much was asked and what it cost, DELETE forgets it.
POST /_control/holds with {"phase": "before" or "after", "operation", "container", "skip"} stops
the next request that fits, GET /_control/holds/ID?wait_ms=N waits for it, DELETE lets it go on.

Operations: ${FAULT_OPERATIONS.join(', ')}. Kinds of faults:
${KINDS}

When it is ready it prints one line to standard output that begins with {"url":
Exit codes: 0 ended by SIGINT or SIGTERM, 64 wrong arguments, 78 wrong configuration or port in
use, 1 anything else.
`;

const OPTIONS = {
  port: { type: 'string' },
  key: { type: 'string' },
  throughput: { type: 'string' },
  'replica-lag': { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** @throws AppError `invalid_request` that names what is wrong and what would be right. */
export function parseArguments(args: readonly string[]): CosmosAccountArguments {
  const values = parse(args);
  return {
    help: values.help ?? false,
    port: whole('--port', values.port ?? '8020', 0, 65_535),
    key: values.key === undefined ? undefined : keyOf(values.key),
    throughput: throughputOf(values.throughput),
    replicaLag: whole('--replica-lag', values['replica-lag'] ?? '0', 0, 10_000),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    const [sentence] = (error instanceof Error ? error.message : String(error)).split('. ');
    const known = Object.keys(OPTIONS).map((name) => `--${name}`);
    throw wrong(`${sentence ?? ''}; the options are ${known.join(', ')}`);
  }
}

function throughputOf(given: string | undefined): Throughput {
  if (given === undefined) return 'unlimited';
  return given === 'offered' ? given : whole('--throughput', given, 1, 1_000_000);
}

function keyOf(given: string): string {
  if (given !== '' && /^[A-Za-z0-9+/]+={0,2}$/.test(given) && given.length % 4 === 0) return given;
  throw wrong('--key is not accepted: it takes bytes in base64');
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
