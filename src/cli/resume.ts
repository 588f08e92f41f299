import { runCommand } from '../command.js';
import { withStore } from '../store-command.js';

const HELP = `Usage: npm run resume -- [--json] [--help]

Ends what npm run pause began. A cycle that was missed meanwhile is made up for
at once, one for all of them; otherwise collection goes on at its next time.

  --json   print {status, paused_since} as one JSON object
  --help   print this

Exit codes: 0 collection is not paused (any more), 64 wrong usage,
69 the store cannot be reached, 78 wrong configuration or unusable store.
`;

await runCommand(
  { name: 'resume', help: HELP, options: { json: { type: 'boolean', default: false } } },
  async ({ values }, signal) => {
    return withStore('resume', signal, async (store) => {
      const ended = await store.resume();
      const text =
        ended === null
          ? 'collection was not paused'
          : `collection goes on; paused since ${ended.since}`;
      const answer = JSON.stringify({ status: 'resumed', paused_since: ended?.since ?? null });
      process.stdout.write(`${values.json ? answer : text}\n`);
      return 0;
    });
  },
);
