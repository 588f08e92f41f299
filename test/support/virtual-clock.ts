import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Clock } from '../../src/clock.js';

interface Sleeper {
  at: number;
  wake: () => void;
}

/** So many turns of the event loop must be quiet, one after the other, before time moves. */
const QUIET_TURNS = 3;
/** Real time after which the test is told that something never comes to rest. */
const STUCK_AFTER_MS = 60_000;
/** The same for a wait that nobody's sleep will end. */
const DEADLOCK_AFTER_MS = 2000;
/** Immediates, real timers, requests to the thread pool: as `getActiveResourcesInfo` names them. */
const PENDING_WORK = /^(Immediate|Timeout|FSReq|GetAddrInfo|GetNameInfo|TCPConnect)/;

/**
 * A clock for tests in which client and server talk over real sockets within one process.
 *
 * Time moves only inside `drive`, and only by jumps to the earliest sleeper. It stands still
 * as long as anything can go on without it, which is exact, not a guess about durations:
 *
 * - a byte that one side of a connection of this process wrote was not yet read by the other,
 *   a connection was begun and not yet accepted, or ended and that was not yet noticed;
 * - an immediate, a real timer that keeps the process alive, or work of the thread pool is
 *   pending.
 *
 * A request that the server holds (silent, between two drips) is none of these, so time
 * passes for it. Other processes and worker threads are not seen. All immediates and timers
 * of the thread are, so such tests are `test.serial`: two clocks would wait for each other.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #sleepers: Sleeper[] = [];
  readonly #wires = new Wires();
  readonly #stuckAfterMs: number;

  /** @param stuckAfterMs more than what goes on between two sleeps takes, on a machine that is busy with other things */
  constructor(startMs: number, stuckAfterMs = STUCK_AFTER_MS) {
    this.#nowMs = startMs;
    this.#stuckAfterMs = stuckAfterMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  /** How many are asleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        resolve();
      };
      const sleeper = { at: this.#monotonicMs + Math.max(ms, 0), wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /**
   * Lets time pass until `work` settles, and answers as it does.
   * @throws Error when nothing is going on, nobody is asleep, and `work` is still waiting:
   * a wait without a deadline.
   */
  async drive<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => undefined); // whoever gets it from us handles it
    while (!settled) {
      await this.#quiet(() => settled);
      if (!settled) await this.#jump(() => settled);
    }
    await this.settle();
    return done;
  }

  /** Lets go on what can go on without time passing: closed sockets, late rejections. */
  settle(): Promise<void> {
    return this.#quiet(() => false);
  }

  /** Stops watching sockets. */
  close(): void {
    this.#wires.close();
  }

  async #jump(settled: () => boolean): Promise<void> {
    const began = performance.now();
    while (this.#sleepers.length === 0) {
      if (performance.now() - began > DEADLOCK_AFTER_MS) {
        throw new Error('nothing goes on and nobody is asleep: a wait without a deadline');
      }
      await realPause();
      if (settled()) return;
    }
    // The first of the earliest: equal times wake in the order in which they fell asleep.
    const next = this.#sleepers.reduce((first, other) => (other.at < first.at ? other : first));
    const passed = Math.max(0, next.at - this.#monotonicMs);
    this.#monotonicMs += passed;
    this.#nowMs += passed;
    next.wake();
  }

  async #quiet(enough: () => boolean): Promise<void> {
    const began = performance.now();
    for (let turns = 0; turns < QUIET_TURNS && !enough(); turns += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      const busy = this.#wires.busy() ?? pendingWork();
      if (busy === null) continue;
      turns = -1;
      if (performance.now() - began > this.#stuckAfterMs) throw new Error(`it never ends: ${busy}`);
    }
  }
}

function pendingWork(): string | null {
  return process.getActiveResourcesInfo().find((kind) => PENDING_WORK.test(kind)) ?? null;
}

function realPause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

/** The connections of this process to itself, both ends of each. */
class Wires {
  readonly #clients = new Set<Socket>();
  /** By the port of the client's end. */
  readonly #servers = new Map<number, Socket>();

  constructor() {
    subscribe('net.client.socket', this.#onClient);
    subscribe('net.server.socket', this.#onServer);
  }

  close(): void {
    unsubscribe('net.client.socket', this.#onClient);
    unsubscribe('net.server.socket', this.#onServer);
    this.#clients.clear();
    this.#servers.clear();
  }

  /** What is under way on them, if anything. */
  busy(): string | null {
    for (const client of this.#clients) {
      const why = this.#underWay(client);
      if (why !== null) return why;
    }
    return null;
  }

  #underWay(client: Socket): string | null {
    if (client.destroyed) return null;
    if (client.connecting || client.localPort === undefined) return 'a connection is being made';
    const server = this.#servers.get(client.localPort);
    if (server === undefined) return 'a connection is not yet accepted';
    if (server.destroyed) return 'an end is not yet noticed';
    if (server.writableFinished && !client.readableEnded) return 'an end is not yet noticed';
    if (client.bytesWritten !== server.bytesRead) return 'bytes of a request are under way';
    if (server.bytesWritten !== client.bytesRead) return 'bytes of an answer are under way';
    return null;
  }

  readonly #onClient = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    this.#clients.add(socket);
    socket.once('close', () => this.#clients.delete(socket));
  };

  readonly #onServer = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    const port = socket.remotePort;
    if (port === undefined) return;
    this.#servers.set(port, socket);
    socket.once('close', () => {
      // The client must see the end first; then its port may belong to another.
      if (![...this.#clients].some((client) => client.localPort === port))
        this.#forget(port, socket);
      else setImmediate(() => this.#forget(port, socket));
    });
  };

  #forget(port: number, socket: Socket): void {
    if (this.#servers.get(port) === socket) this.#servers.delete(port);
  }
}
