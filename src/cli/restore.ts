import { dirname, resolve } from 'node:path';
import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { loadSettings, readEnvironment } from '../config.js';
import { AppError } from '../errors.js';
import { createFolder, syncFolder } from '../folder.js';
import { holderIsDead } from '../holder.js';
import { replacedName } from '../keep/backup-names.js';
import { openersOf } from '../open-files.js';
import { replaceDatabase } from '../store/sqlite/replace.js';

const HELP = `Usage: npm run restore -- FILE [--json] [--help]

Puts a backup in the place of the database that SQLITE_PATH names, with the system
stopped. The backup is checked and copied; the present database stays beside it as
NAME.replaced-YYYYMMDDTHHMMSSZ, until BACKUP_KEEP_DAYS have passed.

  --json   print {restored, from, bytes, data_version, replaced} as one JSON object
  --help   print this

Exit codes: 0 restored, 1 the copy could not be written, 64 wrong usage, 78 wrong
configuration, another STORE, FILE is no backup, or something uses the database.
But for 0, nothing has changed.
`;

await runCommand(
  {
    name: 'restore',
    help: HELP,
    options: { json: { type: 'boolean', default: false } },
    positionals: true,
  },
  async ({ values, positionals }) => {
    const [file, extra] = positionals;
    if (file === undefined || extra !== undefined) {
      throw new AppError('invalid_request', 'It takes one backup file', {
        cure: 'npm run restore -- --help lists what it takes',
      });
    }
    const { config } = loadSettings(readEnvironment());
    if (config.store.kind !== 'sqlite') {
      throw new AppError('config_invalid', `STORE=${config.store.kind}: nothing would read it`, {
        cure: 'Azure keeps the backups of the account; for a database file, STORE=sqlite npm run restore -- FILE',
      });
    }
    const path = config.store.sqlitePath;
    const from = resolve(file);
    createFolder(dirname(path));
    const { bytes, data_version, aside } = replaceDatabase({
      ...{ path, from, clock: systemClock, openersOf, holderIsDead },
      aside: replacedName(path, systemClock.now()),
    });
    syncFolder(dirname(path));
    const answer = { restored: path, from, bytes, data_version, replaced: aside };
    const lines = [
      `${path} is now ${from}`,
      ...(aside === null ? [] : [`what was there before is ${aside}; it may hold deleted text`]),
    ];
    process.stdout.write(`${values.json ? JSON.stringify(answer) : lines.join('\n')}\n`);
    return 0;
  },
);
