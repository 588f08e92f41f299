import { readlink } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '../../src/clock.js';
import { holderName } from '../../src/holder.js';
import { withDeadline } from '../../src/retry.js';
import { connectInspector, debuggerUrl, type Frame, type Inspector } from './inspector.js';
import { listeningPorts, refusal } from './target.js';

/**
 * Where a process hangs. `idle`: its event loop turns. `unknown`: it could not be told, as in
 * native code, which no debugger interrupts.
 */
export type Autopsy =
  | { kind: 'hung_in'; place: string; stack: string[] }
  | { kind: 'idle' }
  | { kind: 'unknown'; why: string };

export interface AutopsyOptions {
  clock: Clock;
  /** Of all together. */
  timeoutMs?: number;
  /** The name (src/holder.ts) it had when it was found hanging: a stranger gets no signal. */
  holder?: string;
}

/** It takes a second on an idle machine, and was seen to take three on a busy one. */
const TIMEOUT_MS = 5000;
const POLL_MS = 25;
/** A loop that turns within this does not hang, however busy it is. */
const TURN_MS = 400;
/** A debugger answers from a thread of its own. */
const ANSWER_MS = 500;
const LATE_LOOK_EVERY_MS = 1000;
const LATE_LOOKS = 300;
const MAX_FRAMES = 10;
/** Between two microtasks that starve the loop no code of its own is on the stack. */
const MAX_PAUSES = 10;
const MAX_FRAME_TEXT = 200;
/** Names the scripts that we run in the process, so that they are not taken for its own. */
const OURS = 'monitor-autopsy';

/**
 * The signal asks twice for the debugger, and the second request waits until the loop turns: it
 * would open again what was closed meanwhile. So it is closed now, and after the loop has turned.
 */
const CLOSE =
  'setTimeout(() => setTimeout(() => process._debugEnd(), 500).unref(), 0).unref(); process._debugEnd()';

const unknown = (why: string): Autopsy => ({ kind: 'unknown', why });

/**
 * Asks a Node.js process where it is, while its event loop is blocked: SIGUSR1 opens its
 * debugger on loopback, which is closed again unless it was open before. The process goes on
 * as if nothing had been. Never throws, and ends by the deadline.
 */
export async function autopsy(pid: number, options: AutopsyOptions): Promise<Autopsy> {
  const { clock, timeoutMs = TIMEOUT_MS, holder = holderName(pid) } = options;
  let stage = 'its debugger did not open: it may be in native code, or port 9229 is taken';
  let before: number[] = [];
  try {
    const why = await refusal(pid);
    if (why !== null) return unknown(why);
    before = await listeningPorts(pid);
    if (holderName(pid) !== holder) return unknown('another process has its pid now');
    process.kill(pid, 'SIGUSR1');
    return await withDeadline(timeoutMs, clock, async (signal) => {
      const { url, port } = await openedDebugger(pid, before, clock, signal);
      stage = 'its debugger did not answer: it may be in native code';
      const inspector = await connectInspector(url, signal);
      return examine(inspector, { pid, clock, wasOpen: before.includes(port) });
    });
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (code !== 'deadline_exceeded') return unknown(String(message));
    void closeLate(pid, holder, before, clock);
    return unknown(stage);
  }
}

/**
 * What is in native code opens its debugger when it comes back from there, with nobody waiting
 * for it any more. It is closed then. Ends with the process, and never throws.
 */
async function closeLate(
  pid: number,
  holder: string,
  before: number[],
  clock: Clock,
): Promise<void> {
  for (let looks = 0; looks < LATE_LOOKS; looks += 1) {
    await clock.sleep(LATE_LOOK_EVERY_MS);
    if (holderName(pid) !== holder) return;
    const fresh = (await listeningPorts(pid)).filter((port) => !before.includes(port));
    for (const port of fresh) {
      const url = await debuggerUrl(port, AbortSignal.timeout(ANSWER_MS));
      if (url === null) continue;
      const inspector = await connectInspector(url, AbortSignal.timeout(60_000)).catch(() => null);
      await inspector?.ask('Runtime.evaluate', { expression: CLOSE }).catch(() => undefined);
      return;
    }
  }
}

/** Its new port, or, when it had opened one before, the one that a debugger answers on. */
async function openedDebugger(
  pid: number,
  before: number[],
  clock: Clock,
  signal: AbortSignal,
): Promise<{ url: string; port: number }> {
  while (!signal.aborted) {
    const ports = await listeningPorts(pid);
    const fresh = ports.filter((port) => !before.includes(port));
    for (const port of fresh.length > 0 ? fresh : ports) {
      const url = await debuggerUrl(
        port,
        AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      );
      if (url !== null) return { url, port };
    }
    await clock.sleep(POLL_MS, signal);
  }
  throw new Error('its debugger did not open');
}

async function examine(
  inspector: Inspector,
  { pid, clock, wasOpen }: { pid: number; clock: Clock; wasOpen: boolean },
): Promise<Autopsy> {
  const run = (code: string, more: object = {}) =>
    inspector.ask('Runtime.evaluate', { expression: `${code}\n//# sourceURL=${OURS}`, ...more });
  const turned = run('new Promise((done) => setImmediate(done))', { awaitPromise: true });
  const turns = await Promise.race([
    turned.then(() => true),
    clock.sleep(TURN_MS).then(() => false),
  ]);
  turned.catch(() => undefined);
  let found: Autopsy = { kind: 'idle' };
  if (!turns) {
    await inspector.ask('Debugger.enable');
    const folder = await workingFolder(pid);
    for (let look = 1; found.kind === 'idle' && look <= MAX_PAUSES; look += 1) {
      if (look > 1) await inspector.ask('Debugger.resume');
      const paused = inspector.nextPause();
      paused.catch(() => undefined); // the pause itself may fail first
      await inspector.ask('Debugger.pause');
      // A pause waits for the next statement. This is one, also within a regular expression.
      run('0').catch(() => undefined);
      found = describe(await paused, folder);
    }
    if (found.kind === 'idle') found = unknown('it was between two of its steps at each look');
  }
  if (wasOpen) inspector.close();
  else await run(CLOSE).catch(() => undefined);
  return found;
}

function describe(frames: Frame[], folder: string): Autopsy {
  const own = frames.filter((frame) => frame.url !== OURS);
  const [top] = own;
  if (top === undefined) return { kind: 'idle' };
  const outside = own.filter(({ url }) => url !== '' && !url.startsWith('node:'));
  const first = outside.find(({ url }) => !url.includes('/node_modules/')) ?? outside[0] ?? top;
  const name = (frame: Frame) => frame.functionName || '(anonymous)';
  const file = (frame: Frame) => shorten(frame.url, folder);
  return {
    kind: 'hung_in',
    place: `${name(first)} (${file(first)}:${first.line})`.slice(0, MAX_FRAME_TEXT),
    stack: own
      .slice(0, MAX_FRAMES)
      .map((one) =>
        `${name(one)} (${file(one)}:${one.line}:${one.column})`.slice(0, MAX_FRAME_TEXT),
      ),
  };
}

function shorten(url: string, folder: string): string {
  if (url === '') return 'unnamed script';
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  if (!isAbsolute(path)) return path;
  const inside = relative(folder, path);
  return inside.startsWith('..') ? path : inside;
}

async function workingFolder(pid: number): Promise<string> {
  return readlink(`/proc/${pid}/cwd`).catch(() => '/');
}
