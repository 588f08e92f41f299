import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { makeBackup } from '../keep/backup.js';
import { withStore } from '../store-command.js';

const HELP = `Usage: npm run backup -- [--json] [--help]

Writes a copy of the database as of one moment into the folder BACKUP_DIR, as
sentimentagent-YYYYMMDDTHHMMSSZ.db, while others read and write; checks it, then
removes backups older than BACKUP_KEEP_DAYS. The jobs process does so daily.

  --json   print {file, bytes, removed} as one JSON object
  --help   print this

Exit codes: 0 made and checked, 1 it could not be written, 64 wrong usage,
69 the store cannot be reached, 78 wrong configuration or unusable store.
`;

await runCommand(
  { name: 'backup', help: HELP, options: { json: { type: 'boolean', default: false } } },
  async ({ values }, signal) => {
    return withStore('backup', signal, async (store, config) => {
      const report = await makeBackup({ store, clock: systemClock, config, nextLookMs: 0 });
      const lines = [
        `${report.file}: ${Math.ceil(report.bytes / 1000)} kB, checked`,
        ...report.removed.map((name) => `removed ${name}`),
      ];
      process.stdout.write(`${values.json ? JSON.stringify(report) : lines.join('\n')}\n`);
      return 0;
    });
  },
);
