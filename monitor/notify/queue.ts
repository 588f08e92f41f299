import type { Log } from '../../src/log.js';
import type { Notice } from './notice.js';
import type { NoticeFiles } from './files.js';
import { sentence } from './sentence.js';

export interface QueueOptions {
  files: NoticeFiles;
  /** The names of the channels; each notice goes to all of them. */
  channels: string[];
  log: Log;
  maxQueued: number;
  maxBytes: number;
}

/** A notice on its way. Its channels take it at different times. */
export interface Queued {
  readonly notice: Notice;
  readonly bytes: number;
  readonly pending: Set<string>;
  /** Its place on disk; null until it is written. */
  number: number | null;
}

/**
 * The notices that some channel has yet to take, in their order. Memory decides and the disk
 * follows, so that a full or hanging disk costs only what a crash would find there.
 */
export class Queue {
  /** Resolves when what an earlier process left is in the queue. */
  readonly loaded: Promise<void>;
  readonly #options: QueueOptions;
  #entries: Queued[] = [];
  #dropped = 0;
  #nextNumber = 1;
  /** What the disk does not know yet. */
  readonly #unsaved = new Set<Queued>();
  #writing: Promise<void> | null = null;
  #healthy = true;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.loaded = options.channels.length === 0 ? Promise.resolve() : this.#load();
  }

  get size(): number {
    return this.#entries.length;
  }

  /** How many had to go because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  /** In memory at once; drops what is over the bounds. */
  add(notice: Notice): void {
    const { channels } = this.#options;
    const known = this.#entries.some((one) => one.notice.id === notice.id);
    if (channels.length === 0 || known) return;
    const added = entry(notice, channels, null);
    this.#entries.push(added);
    this.#unsaved.add(added);
    this.#enforceBounds();
  }

  /** The oldest that a channel has yet to take, or the one after it. */
  next(channel: string, skip = 0): Queued | undefined {
    return this.#entries.filter(({ pending }) => pending.has(channel))[skip];
  }

  /** The channel has it, or never will. */
  settle(queued: Queued, channel: string): void {
    queued.pending.delete(channel);
    if (queued.pending.size === 0) this.#forget(queued);
    else this.#unsaved.add(queued);
  }

  /** Brings the disk up to memory. Never throws: what cannot be written stays in memory. */
  flush(): Promise<void> {
    if (this.#unsaved.size > 0) this.#writing ??= this.#writeAll();
    return this.#writing ?? Promise.resolve();
  }

  async #load(): Promise<void> {
    const { files, channels, log } = this.#options;
    try {
      const saved = await files.load();
      this.#nextNumber = (saved.at(-1)?.[0] ?? 0) + 1;
      const before = saved.map(([number, { notice, pending }]) =>
        entry(
          notice,
          pending.filter((name) => channels.includes(name)),
          number,
        ),
      );
      this.#entries = [...before, ...this.#entries];
      const orphans = before.filter(({ pending }) => pending.size === 0);
      for (const one of orphans) this.#forget(one);
      if (orphans.length > 0) {
        log.warn({ given_up: orphans.length }, 'queued notices of channels that are gone');
      }
      if (this.size > 0) log.info({ queued: this.size }, 'notices wait to be delivered');
      this.#enforceBounds();
    } catch (error) {
      log.error({ err: error }, 'the queue of notices cannot be read: check MONITOR_STATE_DIR');
    }
  }

  #forget(queued: Queued): void {
    this.#entries = this.#entries.filter((other) => other !== queued);
    queued.pending.clear();
    this.#unsaved.add(queued);
  }

  /** The oldest reminders go first: what they say, an alert has said. */
  #enforceBounds(): void {
    const { maxQueued, maxBytes, log } = this.#options;
    const bytes = () => this.#entries.reduce((sum, one) => sum + one.bytes, 0);
    while (this.size > maxQueued || bytes() > maxBytes) {
      const reminder = this.#entries.find(({ notice }) => notice.kind === 'reminder');
      const victim = reminder ?? this.#entries[0];
      if (victim === undefined) return;
      this.#dropped += 1;
      const { id, incident, kind } = victim.notice;
      const told = { id, incident, notice: kind, not_told_to: [...victim.pending] };
      log.error(
        { ...told, dropped: this.#dropped },
        `the queue of notices is full, dropped: ${sentence(victim.notice)}`,
      );
      this.#forget(victim);
    }
  }

  async #writeAll(): Promise<void> {
    const { log } = this.#options;
    await this.loaded;
    for (const one of this.#unsaved) {
      this.#unsaved.delete(one);
      try {
        await this.#write(one);
        if (!this.#healthy) log.info('notices can be saved again');
        this.#healthy = true;
      } catch (error) {
        this.#unsaved.add(one); // the next flush tries again
        if (this.#healthy) {
          log.error({ err: error }, 'notices cannot be saved: they are kept in memory');
        }
        this.#healthy = false;
        break;
      }
    }
    this.#writing = null; // in the same turn as the last look at what is unsaved
  }

  async #write(one: Queued): Promise<void> {
    const { files } = this.#options;
    if (one.pending.size === 0) {
      if (one.number !== null) await files.remove(one.number);
      return;
    }
    one.number ??= this.#nextNumber++;
    await files.save(one.number, { version: 1, notice: one.notice, pending: [...one.pending] });
  }
}

function entry(notice: Notice, channels: string[], number: number | null): Queued {
  const bytes = Buffer.byteLength(JSON.stringify(notice));
  return { notice, bytes, pending: new Set(channels), number };
}
