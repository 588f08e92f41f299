import test from 'ava';
import { parseArguments } from '../../src/simulator/arguments.js';

test('without arguments: port 8010, seed 1, tokens of a day, generated', (t) => {
  t.deepEqual(parseArguments([]), {
    help: false,
    port: 8010,
    seed: 1,
    tokenTtlSeconds: 86_400,
    replay: [],
    faults: [],
    rateLimit: { requests: 600, windowMs: 600_000 },
  });
});

test('every option is taken, and --replay takes all files that follow', (t) => {
  const args =
    '--port 0 --seed 42 --token-ttl 5 --rate-limit 10/60 --replay a.gz b.ndjson c --help'.split(
      ' ',
    );
  t.deepEqual(parseArguments(args), {
    help: true,
    port: 0,
    seed: 42,
    tokenTtlSeconds: 5,
    replay: ['a.gz', 'b.ndjson', 'c'],
    faults: [],
    rateLimit: { requests: 10, windowMs: 60_000 },
  });
});

test('a wrong argument is refused by name, with what would be right', (t) => {
  for (const [args, message] of [
    ['--port eighty', /^--port "eighty" is not accepted: it takes a whole number from 0 to 65535$/],
    ['--port 65536', /from 0 to 65535$/],
    ['--seed -1', /seed/],
    ['--seed=-1', /^--seed "-1" is not accepted/],
    ['--token-ttl 0', /^--token-ttl "0" is not accepted: it takes a whole number from 1 to/],
    ['--prot 1', /^Unknown option '--prot'; the options are --port, --seed/],
    ['--rate-limit 10', /^--rate-limit "10" is not accepted: it takes REQUESTS\/SECONDS, whole/],
    ['--rate-limit 0/60', /^--rate-limit "0\/60" is not accepted/],
    ['--rate-limit 10/0.5', /^--rate-limit "10\/0.5" is not accepted/],
    ['--port', /--port.*; the options are/],
    ['file.gz', /^"file.gz" is not an option: files go after --replay$/],
  ] as const) {
    t.throws(() => parseArguments(args.split(' ')), { message, code: 'invalid_request' }, args);
  }
});
