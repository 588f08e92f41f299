import { type Clock, toIso } from '../../../clock.js';
import type { Pause } from '../../../domain/pause.js';
import type { KeepStore, PauseStore } from '../../keep-store.js';
import type { Account } from '../account.js';
import { changeDocument, readDocument } from './change.js';
import { PAUSE_ID, type PauseDocument, SCOPE } from './documents.js';

const AT = { shape: 'pause', id: PAUSE_ID };

export function cosmosPause(deps: {
  account: Pick<Account, 'control'>;
  clock: Clock;
}): PauseStore & Pick<KeepStore, 'pauseState'> {
  const { clock } = deps;
  const { control } = deps.account;
  /** What an attempt was about to end, whose answer may have been lost. */
  let ending: Pause | null = null;

  return {
    pauseState: async () => {
      const seen = await readDocument<PauseDocument>(control, AT);
      return seen === null ? null : pauseOf(seen.document);
    },
    pause: async (reason) =>
      changeDocument<PauseDocument, Pause>(control, AT, (known) => {
        if (known !== null) return { result: pauseOf(known) };
        const begun = { since: toIso(clock.now()), reason };
        return { result: begun, write: { id: PAUSE_ID, scope: SCOPE, kind: 'pause', ...begun } };
      }),
    resume: async () => {
      const ended = await changeDocument<PauseDocument, Pause | null>(control, AT, (known) => {
        if (known === null) return { result: ending };
        ending = pauseOf(known);
        return { result: ending, write: null };
      });
      ending = null;
      return ended;
    },
  };
}

/** Whatever is there. */
export function putPause(control: Account['control'], pause: Pause | null): Promise<void> {
  return changeDocument<PauseDocument, void>(control, { ...AT, shape: 'putPause' }, () => ({
    result: undefined,
    write: pause && { id: PAUSE_ID, scope: SCOPE, kind: 'pause', ...pause },
  }));
}

export function pauseOf({ since, reason }: PauseDocument): Pause {
  return { since, reason };
}
