import type { Clock } from '../../clock.js';
import { AppError, isTransient } from '../../errors.js';
import type { Log } from '../../log.js';
import { withDeadline } from '../../retry.js';
import { eachRead } from '../each-read.js';
import type { ReadStore } from '../store.js';
import type { Creation } from './connection.js';
import { type PackedRollups, unpackRollups } from './rollups.js';
import { startThread, type ThreadHandle } from './thread-handle.js';

export interface ReadClientOptions {
  path: string;
  /** Deadline of one call. */
  timeoutMs: number;
  clock: Clock;
  log: Log;
  /** Another thread's file, for tests. */
  threadUrl?: URL;
  /**
   * How the first opening is made, by default at once and once. `keep trying`: a store that
   * cannot be reached yet is opened when it can be, and refuses calls until then.
   */
  opening?: ((attempt: () => Promise<void>) => Promise<void>) | 'keep trying';
  /** A thread that owes an answer for this many deadlines hangs, and is replaced. */
  hungDeadlines?: number;
  /** Whether the thread holds the files between calls; default true. */
  keepOpen?: boolean;
  /** Told when the store has been opened for the first time. */
  onOpen?: () => void;
}

export type ClosableReadStore = ReadStore & { close(): Promise<void> };

/** Unanswered calls beyond this are refused: a queue that long does not become short in time. */
const MAX_OUTSTANDING = 128;
const HUNG_DEADLINES = 3;
/** Of calls that read a lot: one that takes longer than its deadline is slow, not stuck. */
const HUNG_DEADLINES_HEAVY = 20;
/** Replaced threads that SQLite or the disk has not let go of yet. */
const MAX_ABANDONED = 2;
const OPEN_DEADLINE_MS = 10_000;
const STOP_GRACE_MS = 1000;
const RESTART_DELAY_MS = { first: 100, last: 5000 };

/**
 * `ReadStore` over a worker thread: SQLite's calls block and cannot be interrupted, so they
 * block a thread that can be left behind. Its states: opening → serving (`current` is set) →
 * ended by itself, or hung → restarting (calls are refused with `store_unreachable`) → serving;
 * or → closed. While too many left-behind threads live, restarting waits for one to end. Who
 * keeps trying may be restarting before anything was open; calls then get the reason why not.
 *
 * @throws AppError as the store's opening gives it.
 */
export async function openReadClient(options: ReadClientOptions): Promise<ClosableReadStore> {
  const supervisor = new Supervisor(options);
  await supervisor.begin();
  const heavy = new Supervisor({
    hungDeadlines: HUNG_DEADLINES_HEAVY,
    keepOpen: false,
    ...options,
    onOpen: () => undefined,
  });
  return {
    ...eachRead(async (call, args) => {
      if (call === 'rollups') {
        return unpackRollups((await supervisor.call(call, args)) as PackedRollups);
      }
      if (!HEAVY.has(call)) return supervisor.call(call, args);
      heavy.beginLater();
      return heavy.call(call, args);
    }),
    close: async () => void (await Promise.all([supervisor.close(), heavy.close()])),
  };
}

/** Calls that read a lot: in a thread of their own, so that no other waits behind them. */
const HEAVY: ReadonlySet<keyof ReadStore> = new Set(['trending'] as const);

class Supervisor {
  readonly #options: ReadClientOptions;
  readonly #closing = new AbortController();
  readonly #alive = new Set<ThreadHandle>();
  #current: ThreadHandle | null = null;
  #failures = 0;
  /** Once the file has been seen or opened, less may be created: see Creation. */
  #create: Creation = 'everything';
  #opened = false;
  #whyNotOpen: AppError | null = null;
  /** Whether the end of a thread leads to the start of another. */
  #replacing = false;
  #restarting = false;

  constructor(options: ReadClientOptions) {
    this.#options = options;
  }

  /** The first opening, as the options want it. */
  async begin(): Promise<void> {
    const { opening = (attempt) => attempt() } = this.#options;
    try {
      if (opening === 'keep trying') await this.#open();
      else await opening(() => this.#open());
    } catch (error) {
      if (opening !== 'keep trying' || !isTransient(error)) {
        await this.close();
        throw error;
      }
    }
    this.#replacing = true;
    if (this.#current === null) void this.#restart();
  }

  /** Instead of `begin`: a thread that creates nothing and opens the store with its first call. */
  beginLater(): void {
    if (this.#replacing || this.#closing.signal.aborted) return;
    this.#replacing = true;
    this.#opened = true;
    this.#current = this.#start('nothing');
  }

  async #open(): Promise<void> {
    const thread = this.#start(this.#create);
    try {
      await this.#whenReady(thread);
    } catch (error) {
      thread.abandon(gone());
      if (error instanceof AppError) {
        this.#whyNotOpen = error;
        if (error.details.seen === true) this.#create = 'tables';
      }
      throw error;
    }
    if (this.#closing.signal.aborted) return;
    this.#current = thread;
    this.#create = 'nothing';
    this.#opened = true;
    this.#options.onOpen?.();
  }

  /** An upgrade takes as long as it takes: cut off, it would begin again, and never end. */
  async #whenReady(thread: ThreadHandle): Promise<void> {
    for (;;) {
      const late = new AppError(
        'store_timeout',
        `The store did not open in ${OPEN_DEADLINE_MS} ms`,
      );
      try {
        await withDeadline(
          OPEN_DEADLINE_MS,
          this.#options.clock,
          () => thread.ready,
          () => late,
        );
        return;
      } catch (error) {
        if (error !== late || !thread.isUpgrading()) throw error;
      }
    }
  }

  async call(method: keyof ReadStore, args: unknown[]): Promise<unknown> {
    const { clock, timeoutMs, hungDeadlines = HUNG_DEADLINES } = this.#options;
    const thread = this.#current;
    if (this.#closing.signal.aborted) {
      throw new AppError('store_unreachable', 'The store is closed');
    }
    if (thread === null) throw this.#opened ? gone() : (this.#whyNotOpen ?? gone());
    if (thread.isUpgrading()) throw upgrading();
    if (thread.outstanding() >= MAX_OUTSTANDING) {
      throw new AppError('store_busy', `${MAX_OUTSTANDING} store calls are waiting already`);
    }
    const value = await withDeadline(
      timeoutMs,
      afterReading(clock),
      (signal) => thread.call(method, args, signal),
      () => {
        const hangs = thread.silentMs() >= hungDeadlines * timeoutMs;
        if (hangs && !thread.isUpgrading()) this.#leaveBehind(thread);
        return new AppError('store_timeout', `The store gave no answer within ${timeoutMs} ms`, {
          details: { call: method },
        });
      },
    );
    this.#failures = 0;
    return value;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#current = null;
    await Promise.all([...this.#alive].map((thread) => thread.stop(STOP_GRACE_MS)));
  }

  #start(create: Creation): ThreadHandle {
    const { path, clock, log, threadUrl, keepOpen = true } = this.#options;
    const thread = startThread({
      url: threadUrl ?? new URL('./thread.js', import.meta.url),
      start: { path, create, keepOpen },
      clock,
      onSlow: (shape, ms) => log.warn({ shape, ms }, 'slow store call'),
      onUpgrade: () => log.info(`${UPGRADING}; this may take minutes`),
      gone,
    });
    this.#alive.add(thread);
    void thread.ended.then((error) => this.#ended(thread, error));
    return thread;
  }

  #leaveBehind(thread: ThreadHandle): void {
    if (this.#current !== thread) return;
    this.#current = null;
    this.#options.log.error({ silent_ms: thread.silentMs() }, 'store thread hangs: replacing it');
    thread.abandon(gone());
    if (this.#alive.size <= MAX_ABANDONED) this.#current = this.#start('nothing');
  }

  #ended(thread: ThreadHandle, error: Error | null): void {
    this.#alive.delete(thread);
    if (this.#closing.signal.aborted || !this.#replacing) return;
    if (this.#current === thread) {
      this.#current = null;
      this.#options.log.error({ err: error }, 'store thread ended: starting another one');
    }
    if (this.#current === null) void this.#restart();
  }

  /** At growing intervals until a thread serves; nothing when that is under way already. */
  async #restart(): Promise<void> {
    if (this.#restarting) return;
    this.#restarting = true;
    const { first, last } = RESTART_DELAY_MS;
    while (this.#current === null && this.#alive.size <= MAX_ABANDONED) {
      this.#failures += 1;
      const delayMs = Math.min(last, first * 2 ** Math.min(this.#failures - 1, 10));
      await this.#options.clock.sleep(delayMs, this.#closing.signal);
      if (this.#closing.signal.aborted || this.#current !== null) break;
      if (this.#opened) this.#current = this.#start('nothing');
      else await this.#open().catch(() => undefined); // calls get the reason
    }
    this.#restarting = false;
  }
}

/**
 * Deadlines that look at what has arrived first: after a stall of our own event loop timers
 * fire before messages are read, and a thread that had answered would be called hung.
 */
function afterReading(clock: Clock): Clock {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: async (ms, signal) => {
      await clock.sleep(ms, signal);
      for (let turn = 0; turn < 2; turn += 1) await new Promise((next) => setImmediate(next));
    },
  };
}

const UPGRADING = "the database is of an older release and is brought to this one's schema";

function upgrading(): AppError {
  return new AppError('store_busy', UPGRADING);
}

function gone(): AppError {
  return new AppError('store_unreachable', 'The store thread is being replaced');
}
