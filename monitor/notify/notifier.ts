import type { Notice } from './notice.js';

/** A channel to people. Never throws and never takes long: probing waits for it. */
export interface Notifier {
  notify(notice: Notice): Promise<void>;
}
