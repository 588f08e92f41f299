import test from 'ava';
import { parseArguments } from '../../src/cosmos-account/arguments.js';

test('without arguments: port 8020, a random key, unlimited, no lag', (t) => {
  t.deepEqual(parseArguments([]), {
    ...{ help: false, port: 8020, key: undefined, throughput: 'unlimited', replicaLag: 0 },
  });
});

test('every option is taken', (t) => {
  const args = '--port 0 --key a2V5 --throughput 400 --replica-lag 3 --help'.split(' ');
  t.deepEqual(parseArguments(args), {
    ...{ help: true, port: 0, key: 'a2V5', throughput: 400, replicaLag: 3 },
  });
  t.is(parseArguments(['--throughput', 'offered']).throughput, 'offered');
});

test('a wrong argument is refused by name, with what would be right', (t) => {
  for (const [args, message] of [
    ['--port x', /^--port "x" is not accepted: it takes a whole number from 0 to 65535$/],
    ['--key !', /^--key is not accepted: it takes bytes in base64$/],
    ['--throughput 0', /^--throughput "0" is not accepted: it takes a whole number from 1/],
    ['--replica-lag -1', /replica-lag/],
    ['--prot 1', /^Unknown option '--prot'; the options are --port, --key, --throughput/],
    ['file', /^Unexpected argument 'file'/],
  ] as const) {
    const error = t.throws(() => parseArguments(args.split(' ')), { message });
    t.like(error, { code: 'invalid_request', exitCode: 64 });
  }
});
