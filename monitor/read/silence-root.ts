import { systemClock } from '../../src/clock.js';
import { runCommand } from '../../src/command.js';
import { loadSettings, readEnvironment } from '../../src/config.js';
import { AppError } from '../../src/errors.js';
import {
  addSilence,
  endSilences,
  MAX_SILENCE_MS,
  readSilences,
  type StoredSilence,
} from '../records/silence.js';
import { duration, utc } from './words.js';
import { oneLine } from '../text.js';

const HELP = `Usage: npm run monitor:silence -- --minutes N --reason TEXT [--subject S] [--no-restarts]
       npm run monitor:silence -- --list | --end [--subject S]

Keeps the monitor quiet while people work on the system. It goes on watching, restarts
what a restart helps unless told otherwise, and writes its journal. It reads the silences
at each probe from MONITOR_STATE_DIR; it need not be running.

  --minutes N     from now on, at most 10080 (7 days)
  --reason TEXT   why, for those who wonder; at most 200 characters
  --subject S     that alone, such as api, api.degraded, process.jobs, memory.api, pm2;
                  without it everything
  --no-restarts   no restart either; with --subject api or jobs none of that process,
                  whatever the reason
  --list          what is silenced until when
  --end           end all silences, or those of --subject
  --help          this text

Exit codes: 0 done, 64 wrong arguments, 78 wrong configuration or a folder that cannot
be written.
`;

const MAX_REASON = 200;
const SUBJECT = /^[a-z0-9][a-z0-9._-]{0,59}$/;

interface Values {
  minutes?: string;
  reason?: string;
  subject?: string;
  'no-restarts': boolean;
  list: boolean;
  end: boolean;
}

await runCommand(
  {
    name: 'monitor:silence',
    help: HELP,
    options: {
      minutes: { type: 'string' },
      reason: { type: 'string' },
      subject: { type: 'string' },
      'no-restarts': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      end: { type: 'boolean', default: false },
    },
  },
  async ({ values }) => {
    const wish = wishOf(values);
    const folder = loadSettings(readEnvironment()).config.monitor.stateDir;
    process.stdout.write(await fulfil(wish, folder, systemClock.now()));
    return 0;
  },
);

type Wish =
  | { kind: 'list' }
  | { kind: 'end'; subject: string | null }
  | { kind: 'add'; ms: number; subject: string | null; reason: string; restarts: boolean };

function wishOf(values: Values): Wish {
  const { minutes, list, end } = values;
  const asked = [minutes !== undefined, list, end].filter(Boolean).length;
  if (asked !== 1) throw wrong('it takes one of --minutes, --list and --end');
  const subject = values.subject ?? null;
  if (subject !== null && !SUBJECT.test(subject)) {
    throw wrong(`--subject ${JSON.stringify(subject)} is none: such as api, process.jobs`);
  }
  const adding = ['reason', 'no-restarts'] as const;
  const odd = adding.find((key) => values[key] !== undefined && values[key] !== false);
  if (minutes === undefined) {
    if (odd !== undefined) throw wrong(`--${odd} belongs to --minutes`);
    if (list && subject !== null) throw wrong('--list takes no --subject');
    return list ? { kind: 'list' } : { kind: 'end', subject };
  }
  const reason = oneLine(values.reason ?? '');
  if (reason === '' || reason.length > MAX_REASON) {
    throw wrong(`--reason takes a text of 1 to ${MAX_REASON} characters`);
  }
  return {
    kind: 'add',
    ms: milliseconds(minutes),
    subject,
    reason,
    restarts: !values['no-restarts'],
  };
}

function milliseconds(minutes: string): number {
  const ms = /^\d{1,5}(\.\d{1,3})?$/.test(minutes) ? Math.round(Number(minutes) * 60_000) : 0;
  if (ms > 0 && ms <= MAX_SILENCE_MS) return ms;
  throw wrong(`--minutes ${JSON.stringify(minutes)}: it takes a number up to 10080 (7 days)`);
}

function wrong(message: string): AppError {
  return new AppError('invalid_request', message, {
    cure: 'npm run monitor:silence -- --help lists what it takes',
  });
}

async function fulfil(wish: Wish, folder: string, nowMs: number): Promise<string> {
  switch (wish.kind) {
    case 'add': {
      const { ms, subject, reason, restarts } = wish;
      const added = await addSilence(folder, { ms, subject, reason, restarts }, nowMs);
      return `Silenced: ${line(added, nowMs)}`;
    }
    case 'end': {
      const ended = await endSilences(folder, wish.subject, nowMs);
      if (ended.length === 0) return 'Nothing was silenced.\n';
      return ended.map((one) => `Ended: ${line(one, nowMs)}`).join('');
    }
    case 'list': {
      const { active, problem } = await readSilences(folder, nowMs);
      if (problem !== null) process.stderr.write(`monitor:silence: ${problem}\n`);
      if (active.length === 0) return 'Nothing is silenced.\n';
      return active.map((one) => line(one, nowMs)).join('');
    }
  }
}

function line({ subject, until, reason, restarts }: StoredSilence, nowMs: number): string {
  const left = duration(Date.parse(until) - nowMs);
  const how = restarts ? 'restarts go on' : 'no restarts';
  return `${subject ?? 'everything'} until ${utc(until)} (${left}), ${how}: ${oneLine(reason)}\n`;
}
