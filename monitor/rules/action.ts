import type { JournalEvent } from '../records/journal-entry.js';
import type { Notice } from '../notify/notice.js';

/** What is to be done after a look, in this order. */
export type Action =
  | { kind: 'notify'; notice: Notice }
  | Restart
  /** For the journal alone. */
  | { kind: 'record'; entry: Recorded };

export interface Restart {
  kind: 'restart';
  process: string;
  subject: string;
  incident: string;
  cause: string;
  budgetLeft: number;
  /** It lives and does not serve: where it hangs is looked up before. */
  hangs: boolean;
}

export interface Recorded {
  incident: string;
  subject: string;
  event: JournalEvent;
  cause: string;
  text: string;
}

export function record(
  { id, cause }: { id: string; cause: string },
  subject: string,
  event: JournalEvent,
  text: string,
): { kind: 'record'; entry: Recorded } {
  return { kind: 'record', entry: { incident: id, subject, event, cause, text } };
}
