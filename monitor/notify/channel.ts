import type { Notice } from './notice.js';

/** A notice as it goes out. */
export interface Message {
  notice: Notice;
  /** The notice in one sentence, which says so when it is late. */
  text: string;
  /** It was decided a while ago: the channel was down, or the monitor was. */
  late: boolean;
}

export type Delivery =
  | { kind: 'delivered' }
  /** For good: the same would be refused again. */
  | { kind: 'refused'; why: string }
  | Failed;

export interface Failed {
  kind: 'failed';
  /** A short reason, without any secret. */
  why: string;
  /** There was an answer: the channel is not down, it does not want this now. */
  answered: boolean;
  /** When the receiver wants to be asked again; null when it does not say. */
  retryAfterMs: number | null;
}

/** A way to people that may be down. Delivers what the queue holds, one after the other. */
export interface Channel {
  /** Names its part of the queue on disk and in metrics: it must not change. */
  readonly name: string;
  /** For log lines; without secrets. */
  readonly label: string;
  /** Deadline of one attempt. */
  readonly timeoutMs: number;
  /** One attempt, which ends when the signal aborts. */
  deliver(message: Message, signal: AbortSignal): Promise<Delivery>;
}
