import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../src/clock.js';
import { createFolder } from '../../src/folder.js';
import type { Log } from '../../src/log.js';
import { withDeadline } from '../../src/retry.js';

export interface AppendFileOptions {
  path: string;
  /** Where the older generation goes: one is kept. */
  olderPath: string;
  /** A file that would grow past it is put aside first. */
  maxBytes: number;
  /** What stands in it, for the log: `the journal of incidents`. */
  what: string;
  clock: Clock;
  log: Log;
}

export interface AppendFile {
  /** Adds lines, each given without its end. Never throws and never takes long. */
  append(lines: string[]): Promise<void>;
}

/** A disk that takes longer hangs; probing must not wait for it. */
const WRITE_DEADLINE_MS = 5000;
const NEWLINE = 0x0a;

/**
 * A file of lines that only grows, readable for its owner alone. It is opened for each append,
 * so that a folder that went away, or a file that somebody moved, heals by itself. It is not
 * flushed to the disk: a disk that hangs would hang the monitor.
 */
export function appendFile(options: AppendFileOptions): AppendFile {
  const { clock } = options;
  const report = reporter(options);
  let turn: Promise<void> = Promise.resolve();
  let writing = false;

  async function appendInTurn(lines: string[]): Promise<void> {
    if (writing) {
      // The write before overran its deadline: nothing is begun until it has ended.
      report('hung', lines.length);
      return;
    }
    writing = true;
    const work = write(options, lines).finally(() => {
      writing = false;
    });
    try {
      await withDeadline(WRITE_DEADLINE_MS, clock, () => work);
      report(null, 0);
    } catch (error) {
      const { code } = error as { code?: string };
      report(code === 'deadline_exceeded' ? 'hung' : (code ?? String(error)), lines.length);
    }
  }

  return {
    append(lines) {
      if (lines.length === 0) return Promise.resolve();
      turn = turn.then(() => appendInTurn(lines));
      return turn;
    },
  };
}

/** One write a line, so that a crash or a full disk costs the line it was at and no other. */
async function write(options: AppendFileOptions, lines: string[]): Promise<void> {
  createFolder(dirname(options.path));
  let file = await openForAppend(options.path);
  try {
    let { size } = await file.stat();
    let torn = size > 0 && !(await endsWithNewline(file, size));
    for (const line of lines) {
      const bytes = Buffer.from(`${torn ? '\n' : ''}${line}\n`);
      if (size > 0 && size + bytes.length > options.maxBytes) {
        await rename(options.path, options.olderPath);
        await file.close();
        file = await openForAppend(options.path);
        size = 0;
        torn = false;
        size += await writeWhole(file, Buffer.from(`${line}\n`));
      } else {
        size += await writeWhole(file, bytes);
        torn = false;
      }
    }
  } finally {
    await file.close();
  }
}

/** Not through a link: who may write in the folder could otherwise direct us elsewhere. */
function openForAppend(path: string): Promise<FileHandle> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  return open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
}

async function endsWithNewline(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === NEWLINE;
}

async function writeWhole(file: FileHandle, bytes: Buffer): Promise<number> {
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten < bytes.length) {
    throw Object.assign(new Error('only a part could be written'), { code: 'ENOSPC' });
  }
  return bytesWritten;
}

const CURES: Record<string, string> = {
  ENOSPC: 'the disk is full: make room',
  EDQUOT: 'the quota is used up: make room',
  EACCES: 'give this user the right to write there',
  EROFS: 'the file system is read-only: see to the disk',
  hung: `the disk has not answered within ${WRITE_DEADLINE_MS / 1000} s: see to it`,
};

/** Only a change is news: one line when it begins to fail, or fails otherwise, and one when it heals. */
function reporter({ what, path, log }: AppendFileOptions) {
  let failing: string | null = null;
  let lost = 0;
  return (problem: string | null, lines: number) => {
    if (problem !== null) {
      lost += lines;
      if (problem !== failing) {
        const cure = CURES[problem] ?? 'check MONITOR_STATE_DIR';
        log.error({ path, code: problem }, `${what} cannot be written (${problem}): ${cure}`);
      }
    } else if (failing !== null) {
      log.info({ path, lost }, `${what} is written again; ${lost} lines are missing`);
      lost = 0;
    }
    failing = problem;
  };
}
