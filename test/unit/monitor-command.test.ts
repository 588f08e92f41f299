import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Delivery } from '../../monitor/notify/channel.js';
import { commandChannel } from '../../monitor/notify/command.js';
import { sentence } from '../../monitor/notify/sentence.js';
import type { Notice } from '../../monitor/notify/notice.js';
import { systemClock } from '../../src/clock.js';
import { environmentForPrograms } from '../../src/config.js';
import { withDeadline } from '../../src/retry.js';
import { notice } from '../support/notices.js';
import { eventually } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

interface Run {
  changes?: Partial<Notice>;
  timeoutMs?: number;
  environment?: Record<string, string>;
}

function run(command: string, { changes, timeoutMs = 20_000, environment }: Run = {}) {
  const one = notice(changes);
  const channel = commandChannel({
    command,
    environment: { PATH: process.env.PATH ?? '', ...environment },
    clock: systemClock,
  });
  const message = { notice: one, text: sentence(one), late: false };
  return withDeadline(timeoutMs, systemClock, (signal) => channel.deliver(message, signal));
}

const whyOf = (delivery: Delivery): string => ('why' in delivery ? delivery.why : '');

function place(t: ExecutionContext): { file: string; environment: Record<string, string> } {
  const file = join(temporaryFolder(t), 'out');
  return { file, environment: { OUT: file } };
}

const gone = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
};

test('the notice is JSON on its input, and its fields are variables', async (t) => {
  const { file, environment } = place(t);
  const delivery = await run(
    'cat > "$OUT"; printf "%s|%s|%s|%s" "$SENTIMENTAGENT_NOTICE_KIND" "$SENTIMENTAGENT_NOTICE_INCIDENT" "$SENTIMENTAGENT_NOTICE_PLACE" "$SENTIMENTAGENT_NOTICE_TEXT" >> "$OUT"',
    { environment },
  );
  t.deepEqual(delivery, { kind: 'delivered' });
  const [json = '', variables = ''] = readFileSync(file, 'utf8').split('\n');
  t.like(JSON.parse(json), { kind: 'alert', cause: 'timeout', also: [] });
  t.regex(variables, /^alert\|20260115T120000Z-api\|\|ALERT the API does not answer/);
});

test('hostile text is never part of the command', async (t) => {
  const { file, environment } = place(t);
  const what = `"; touch ${file}.pwned; echo "$(touch ${file}.pwned)\`touch ${file}.pwned\`\u0000'`;
  const delivery = await run('printf "%s" "$SENTIMENTAGENT_NOTICE_TEXT" > "$OUT"', {
    environment,
    changes: { what },
  });
  t.deepEqual(delivery, { kind: 'delivered' });
  t.true(readFileSync(file, 'utf8').includes('$(touch'));
  t.false(existsSync(`${file}.pwned`));
});

test('a failure says how it ended and what it said, in bounds', async (t) => {
  const failing = await run('echo first; echo "second line" >&2; exit 3');
  t.like(failing, { kind: 'failed', answered: true });
  t.is(whyOf(failing), 'it exited with 3 and said: first second line');
  t.is(whyOf(await run('exit 4')), 'it exited with 4');
  t.regex(whyOf(await run('kill -TERM $$')), /^it was ended by SIGTERM/);
  t.regex(whyOf(await run('/no/such/program')), /^it exited with 127 and said: .*no\/such/);
  const loud = whyOf(await run('head -c 5000000 /dev/zero | tr "\\0" x; exit 1'));
  t.true(loud.startsWith('it exited with 1 and said: xxx') && loud.length < 400);
});

test('at the deadline its whole process group is killed', async (t) => {
  const { file, environment } = place(t);
  const command = 'trap "" TERM; sleep 300 & echo $$ $! > "$OUT"; wait; sleep 300';
  const error = await t.throwsAsync(run(command, { environment, timeoutMs: 1500 }));
  t.regex(error?.message ?? '', /1500 ms/);
  const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number);
  t.is(pids.length, 2);
  await eventually('both have ended', () => pids.every(gone));
});

test('a command that reads nothing, or leaves something running, is no trouble', async (t) => {
  const changes = { also: Array.from({ length: 100 }, () => 'x'.repeat(4000)) };
  t.deepEqual(await run('exec <&-; exit 0', { changes }), { kind: 'delivered' });
  const { file, environment } = place(t);
  t.deepEqual(await run('sleep 60 & echo $! > "$OUT"', { environment }), { kind: 'delivered' });
  const left = await run('sleep 60 & echo $! >> "$OUT"; exit 1', { environment });
  t.is(left.kind, 'failed');
  for (const pid of readFileSync(file, 'utf8').trim().split('\n')) process.kill(Number(pid));
});

test('it sees our environment without our secrets', (t) => {
  const set = {
    REDDIT_CLIENT_SECRET: 'hunter2',
    MONITOR_WEBHOOK_URL: 'hunter2',
    MONITOR_HEARTBEAT_URL: 'hunter2',
    COSMOS_KEY: 'hunter2',
    NOTIFY_SOCKET: '/run/hunter2',
    OTHER: 'kept',
  };
  Object.assign(process.env, set);
  t.teardown(() => {
    for (const key of Object.keys(set)) delete process.env[key];
  });
  const environment = environmentForPrograms();
  t.false(JSON.stringify(environment).includes('hunter2'));
  t.is(environment.OTHER, 'kept');
  t.is(environment.PATH, process.env.PATH);
});
