import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Channel, Delivery, Failed, Message } from '../../monitor/notify/channel.js';
import { createDispatcher, type DispatcherOptions } from '../../monitor/notify/dispatcher.js';
import { ManualClock } from './clock.js';
import { recordingLog } from './log.js';
import { eventually } from './pm2.js';
import { temporaryFolder } from './temp.js';

export const DOWN: Failed = {
  kind: 'failed',
  why: 'ECONNREFUSED',
  answered: false,
  retryAfterMs: null,
};
export const ANSWERED: Failed = {
  kind: 'failed',
  why: 'HTTP 500',
  answered: true,
  retryAfterMs: null,
};
export const DELIVERED: Delivery = { kind: 'delivered' };

export interface Fake extends Channel {
  messages: Message[];
  answer: (message: Message) => Delivery | Promise<Delivery>;
  ids(): string[];
}

/** A channel that does as it is told and remembers what it was asked. */
export function fake(name = 'fake', answer: Fake['answer'] = () => DELIVERED): Fake {
  const messages: Message[] = [];
  const self: Fake = {
    name,
    label: name,
    timeoutMs: 10_000,
    messages,
    answer,
    ids: () => messages.map((one) => one.notice.id),
    async deliver(message) {
      messages.push(message);
      return self.answer(message);
    },
  };
  return self;
}

export function world(
  t: ExecutionContext,
  channels: Channel[],
  changes: Partial<DispatcherOptions> & { clock?: ManualClock } = {},
) {
  const { clock = new ManualClock('2026-01-15T12:00:45.000Z') } = changes;
  const { log, lines } = recordingLog();
  const folder = changes.folder ?? temporaryFolder(t);
  const dispatcher = createDispatcher({ ...changes, folder, channels, clock, log });
  const files = () => readdirSync(join(folder, 'notices')).sort();
  const said = (part: string) => lines.filter(({ msg }) => msg.includes(part));
  /** The first attempt has failed, and what comes next is a matter of the clock. */
  const paused = () =>
    eventually('a pause', () => {
      const counts = Object.values(dispatcher.figures().channels);
      return clock.sleeping === 1 && counts.some(({ failedAttempts }) => failedAttempts > 0);
    });
  return { clock, lines, folder, dispatcher, files, said, paused };
}

/** Real files and sockets take real time, during which the test's clock stands still. */
export const soon = (what: string, probe: () => boolean) => eventually(what, probe);
