import { join } from 'node:path';
import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import { AppError } from '../../src/errors.js';
import { withDeadline } from '../../src/retry.js';
import type { Channel, Delivery, Failed } from './channel.js';
import { noticeFiles } from './files.js';
import type { Notifier } from './notifier.js';
import { Queue, type Queued } from './queue.js';
import { bounded, sentence } from './sentence.js';

export interface DispatcherOptions {
  /** The monitor's folder: the queue is a folder in it. */
  folder: string;
  channels: Channel[];
  clock: Clock;
  log: Log;
  maxQueued?: number;
  maxBytes?: number;
}

/** For metrics. Counts are since the start. */
export interface Figures {
  queued: number;
  dropped: number;
  channels: Record<string, ChannelFigures>;
}

export interface ChannelFigures {
  delivered: number;
  failedAttempts: number;
  refused: number;
}

export interface Dispatcher extends Notifier {
  figures(): Figures;
  /**
   * What can be delivered at once still is; the rest stays in the queue. Takes `graceMs`
   * and a second at most.
   */
  close(graceMs?: number): Promise<void>;
}

const MAX_QUEUED = 200;
const MAX_BYTES = 1024 * 1024;
/** A notice older than this says so. */
const LATE_AFTER_MS = 10 * 60_000;
/** Pauses after a failure: 5 s, then twice as long each. */
const FIRST_PAUSE_MS = 5000;
const MAX_PAUSE_MS = 300_000;
const MAX_RETRY_AFTER_MS = 900_000;
/** Probing and delivery wait so long for the disk. */
const SAVED_WITHIN_MS = 1000;
/** A disk that hangs does not keep new notices back. */
const LOADED_WITHIN_MS = 5000;
/** A notice that the receiver has answered so often with an error is suspected to be the reason. */
const SUSPECT_AFTER = 10;

/**
 * Hands notices to the channels: each channel on its own, in order, again and again until it
 * takes them. At least once, with the same id, across a crash; once otherwise.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { folder, channels, clock, log, maxQueued = MAX_QUEUED, maxBytes = MAX_BYTES } = options;
  const queue = new Queue({
    files: noticeFiles(join(folder, 'notices'), log),
    channels: channels.map(({ name }) => name),
    log,
    maxQueued,
    maxBytes,
  });
  const news = new News();
  const closing = new AbortController();
  const cut = new AbortController();
  const figures = new Map<string, ChannelFigures>();
  const couriers = channels.map((channel) => {
    const counts = { delivered: 0, failedAttempts: 0, refused: 0 };
    figures.set(channel.name, counts);
    const courier = new Courier({ channel, queue, news, clock, log, counts });
    return courier.run(closing.signal, cut.signal);
  });
  return {
    async notify(notice) {
      queue.add(bounded(notice));
      news.tell();
      await atMost(SAVED_WITHIN_MS, queue.flush(), clock);
    },
    figures: () => ({
      queued: queue.size,
      dropped: queue.dropped,
      channels: Object.fromEntries([...figures].map(([name, counts]) => [name, { ...counts }])),
    }),
    async close(graceMs = 2000) {
      closing.abort();
      news.tell();
      await atMost(graceMs, Promise.all(couriers), clock);
      cut.abort();
      await atMost(SAVED_WITHIN_MS, queue.flush(), clock);
    },
  };
}

/** Waits for what never fails, and no longer than this. */
async function atMost(ms: number, work: Promise<unknown>, clock: Clock): Promise<void> {
  await withDeadline(ms, clock, () => work).catch(() => undefined);
}

/** Wakes whoever waits for a notice. */
class News {
  #waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  tell(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

interface CourierOptions {
  channel: Channel;
  queue: Queue;
  news: News;
  clock: Clock;
  log: Log;
  counts: ChannelFigures;
}

/** Serves one channel. */
class Courier {
  readonly #options: CourierOptions;
  /** Failed attempts in a row, and those among them that were answered. */
  #failures = 0;
  #answered = 0;
  #said = '';

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Ends when `closing` aborts and nothing can be delivered at once, or when `cut` does. */
  async run(closing: AbortSignal, cut: AbortSignal): Promise<void> {
    const { channel, queue, news, clock } = this.#options;
    await atMost(LOADED_WITHIN_MS, queue.loaded, clock);
    while (!cut.aborted) {
      const head = queue.next(channel.name);
      if (head === undefined) {
        if (closing.aborted) return;
        await news.wait();
        continue;
      }
      // What has been told to no receiver is on the disk, what has been told is not any more.
      await atMost(SAVED_WITHIN_MS, queue.flush(), clock);
      const delivery = await this.#attempt(head, cut);
      if (cut.aborted && delivery.kind !== 'delivered') return;
      if (delivery.kind !== 'failed') {
        this.#settle(head, delivery);
      } else {
        const pauseMs = this.#fail(head, delivery);
        if (closing.aborted) return;
        if (this.#answered >= SUSPECT_AFTER) await this.#passOver(head, cut);
        await clock.sleep(pauseMs, closing);
        if (closing.aborted) return;
      }
      void queue.flush();
    }
  }

  async #attempt({ notice }: Queued, cut: AbortSignal): Promise<Delivery> {
    const { channel, clock, log } = this.#options;
    const { timeoutMs } = channel;
    const late = clock.now() - Date.parse(notice.time) > LATE_AFTER_MS;
    const message = { notice, text: sentence(notice, late), late };
    try {
      return await withDeadline(timeoutMs, clock, (signal) =>
        channel.deliver(message, AbortSignal.any([signal, cut])),
      );
    } catch (error) {
      const known = error instanceof AppError && error.code === 'deadline_exceeded';
      if (!known) log.error({ err: error }, `${channel.label} failed in a way it should not`);
      const why = known ? `no end within ${timeoutMs} ms` : 'an unexpected error';
      return { kind: 'failed', why, answered: false, retryAfterMs: null };
    }
  }

  #settle(queued: Queued, delivery: Exclude<Delivery, Failed>): void {
    const { channel, queue, log, counts } = this.#options;
    const { id, incident } = queued.notice;
    if (delivery.kind === 'delivered') {
      counts.delivered += 1;
      const failed = this.#failures;
      if (failed > 0) log.info({ failed }, `${channel.label} takes notices again`);
      log.debug({ id, incident }, `delivered to ${channel.label}`);
      this.#said = '';
    } else {
      counts.refused += 1;
      const { why } = delivery;
      log.error({ id, incident, why }, `${channel.label} refused a notice for good: ${why}`);
    }
    this.#failures = 0;
    this.#answered = 0;
    queue.settle(queued, channel.name);
  }

  /** @returns how long to wait before the next attempt */
  #fail({ notice }: Queued, { why, answered, retryAfterMs }: Failed): number {
    const { channel, queue, log, counts } = this.#options;
    counts.failedAttempts += 1;
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 30);
    const wantedMs = Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    const pauseMs = Math.max(Math.min(doubled, MAX_PAUSE_MS), wantedMs);
    this.#failures += 1;
    if (answered) this.#answered += 1;
    const fields = { id: notice.id, why, failed: this.#failures, again_ms: pauseMs };
    const text = `${channel.label} does not take notices: ${why}; ${queue.size} queued, trying again`;
    log[why === this.#said ? 'debug' : 'warn'](fields, text);
    this.#said = why;
    return pauseMs;
  }

  /**
   * The receiver answers, but not well to this one. When it takes the next one, this one is
   * the reason and is dropped, or it would be in the way of all others for ever.
   */
  async #passOver(head: Queued, cut: AbortSignal): Promise<void> {
    const { channel, queue, counts } = this.#options;
    const other = queue.next(channel.name, 1);
    if (other === undefined) return;
    const delivery = await this.#attempt(other, cut);
    if (delivery.kind === 'failed') counts.failedAttempts += 1;
    if (delivery.kind !== 'delivered') return;
    this.#settle(head, { kind: 'refused', why: `${this.#said}, time after time` });
    this.#settle(other, delivery);
  }
}
