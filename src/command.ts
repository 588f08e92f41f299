import { type ParseArgsConfig, parseArgs } from 'node:util';
import { AppError, toAppError } from './errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true; strict: true }>
>;

export interface CommandSpec<O extends Options> {
  /** As in `npm run NAME`. */
  name: string;
  /** The whole text of `--help`, exit codes included. */
  help: string;
  options: O;
  /** Whether words without a dash are taken. */
  positionals?: boolean;
}

/**
 * The frame of every command: arguments → `main` → exit code. `--help` answers 0, wrong
 * arguments 64 (EX_USAGE), an AppError its own exit code, each with one line on stderr.
 * Ctrl-C aborts `signal`; the second one ends the process with 130.
 */
export async function runCommand<O extends Options>(
  spec: CommandSpec<O>,
  main: (args: Parsed<O>, signal: AbortSignal) => Promise<number>,
): Promise<void> {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  try {
    const args = parse(spec);
    if ((args.values as { help?: boolean }).help === true) {
      process.stdout.write(`${spec.help.trim()}\n`);
      process.exitCode = 0;
    } else process.exitCode = await main(args, stop.signal);
  } catch (error) {
    const known = toAppError(error);
    const cure = known.cure === undefined ? '' : ` Cure: ${known.cure}.`;
    process.stderr.write(`${spec.name}: ${known.message}.${cure}\n`);
    if (known.code === 'internal') console.error(known.cause);
    process.exitCode = known.exitCode;
  }
}

function parse<O extends Options>(spec: CommandSpec<O>): Parsed<O> {
  const options = { ...spec.options, help: { type: 'boolean', short: 'h' } } as O;
  try {
    const parsed = parseArgs({ options, allowPositionals: true, strict: true });
    const [extra] = parsed.positionals;
    if (spec.positionals !== true && extra !== undefined) {
      throw new AppError('invalid_request', `"${extra}" is not expected`, help(spec.name));
    }
    return parsed;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const [first] = (error as Error).message.split('. '); // the rest explains shells
    throw new AppError('invalid_request', first ?? 'wrong arguments', help(spec.name));
  }
}

function help(name: string): { cure: string } {
  return { cure: `npm run ${name} -- --help lists what it takes` };
}
