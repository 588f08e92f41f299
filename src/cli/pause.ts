import { runCommand } from '../command.js';
import { AppError } from '../errors.js';
import { withStore } from '../store-command.js';

const HELP = `Usage: npm run pause -- [--reason TEXT] [--json] [--help]

Keeps collection from starting, also after restarts, until npm run resume. A cycle
that is running finishes. Data is served, pruned and backed up meanwhile. Paused
already: stays as it is.

  --reason TEXT   said by /health, logs and refusals, at most 200 characters
  --json          print {status, since, reason} as one JSON object
  --help          print this

Exit codes: 0 paused, 64 wrong usage, 69 the store cannot be reached,
78 wrong configuration or unusable store.
`;

const MAX_REASON = 200;

await runCommand(
  {
    name: 'pause',
    help: HELP,
    options: {
      reason: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
    },
  },
  async ({ values }, signal) => {
    if (values.reason.trim().length > MAX_REASON) {
      throw new AppError('invalid_request', `--reason is longer than ${MAX_REASON} characters`, {
        cure: 'shorten it',
      });
    }
    return withStore('pause', signal, async (store) => {
      const { since, reason } = await store.pause(values.reason.trim());
      const why = reason === '' ? '' : ` (${reason})`;
      const text = `collection is paused since ${since}${why}; npm run resume lets it go on`;
      const answer = JSON.stringify({ status: 'paused', since, reason });
      process.stdout.write(`${values.json ? answer : text}\n`);
      return 0;
    });
  },
);
