import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import type { Clock } from '../../src/clock.js';
import type { Channel, Delivery, Message } from './channel.js';
import { oneLine } from '../text.js';

export interface CommandOptions {
  /** For /bin/sh, as the operator wrote it. */
  command: string;
  /** What the command is given of our environment: no secrets (src/config.ts). */
  environment: Record<string, string>;
  clock: Clock;
  timeoutMs?: number;
}

const TIMEOUT_MS = 30_000;
const MAX_OUTPUT = 2000;
/** What a command said last may be read after its end was noticed. */
const LAST_WORDS_MS = 500;

/**
 * Runs a command for each notice, which stands as JSON on its standard input and in
 * SENTIMENTAGENT_NOTICE_* variables, never in the command line: what others answered is no
 * part of a shell's program. Exit code 0 is delivered. The command has a process group of
 * its own, which is killed whole at the deadline.
 */
export function commandChannel(options: CommandOptions): Channel {
  const { command, environment, clock, timeoutMs = TIMEOUT_MS } = options;
  return {
    name: 'command',
    label: 'MONITOR_COMMAND',
    timeoutMs,
    deliver(message, signal) {
      const env = { ...environment, ...variables(message) };
      return new Promise((resolve) => {
        const child = spawn('/bin/sh', ['-c', command], { detached: true, env, stdio: 'pipe' });
        const output = collect(child);
        const end = (delivery: Delivery) => {
          signal.removeEventListener('abort', kill);
          // What it left running may still hold these open.
          child.stdin.destroy();
          child.stdout.destroy();
          child.stderr.destroy();
          resolve(delivery);
        };
        const kill = () => killGroup(child);
        signal.addEventListener('abort', kill, { once: true });
        child.on('error', (error: NodeJS.ErrnoException) => {
          end(failed(`/bin/sh cannot be started (${error.code ?? 'unknown'})`, false));
        });
        // Not `close`: something that it started and left may keep its output open for ever.
        child.on('exit', (code, killedBy) => {
          if (code === 0) return end({ kind: 'delivered' });
          const lastWords = Promise.race([once(child, 'close'), clock.sleep(LAST_WORDS_MS)]);
          void lastWords.then(() => end(failed(outcome(code, killedBy, output()), true)));
        });
        child.stdin.on('error', () => undefined); // it need not read
        child.stdin.end(`${JSON.stringify(message.notice)}\n`);
        if (signal.aborted) kill();
      });
    },
  };
}

function failed(why: string, answered: boolean): Delivery {
  return { kind: 'failed', why, answered, retryAfterMs: null };
}

function outcome(code: number | null, killedBy: string | null, output: string): string {
  const how = code === null ? `was ended by ${killedBy ?? 'a signal'}` : `exited with ${code}`;
  return output === '' ? `it ${how}` : `it ${how} and said: ${oneLine(output, 300)}`;
}

function collect({ stdout, stderr }: ChildProcess): () => string {
  let text = '';
  for (const stream of [stdout, stderr]) {
    stream?.on('error', () => undefined);
    stream?.on('data', (chunk: Buffer) => {
      if (text.length < MAX_OUTPUT) text += chunk.toString('utf8').slice(0, MAX_OUTPUT);
    });
  }
  return () => text.trim();
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function variables({ notice, text, late }: Message): Record<string, string> {
  const values = {
    KIND: notice.kind,
    ID: notice.id,
    INCIDENT: notice.incident,
    SUBJECT: notice.subject,
    WHAT: notice.what,
    CAUSE: notice.cause,
    SINCE: notice.since,
    TIME: notice.time,
    ACTION: notice.action,
    PLACE: notice.place ?? '',
    DURATION_SECONDS:
      notice.durationMs === null ? '' : String(Math.round(notice.durationMs / 1000)),
    TEXT: text,
    LATE: String(late),
    HOST: hostname(),
  };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [`SENTIMENTAGENT_NOTICE_${key}`, oneLine(value)]),
  );
}
