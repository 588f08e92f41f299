import { toIso } from '../../clock.js';
import type { Pause } from '../../domain/pause.js';
import { type Db, one, run } from './db.js';

export function readPause(db: Db): Pause | null {
  return one<Pause>(db, 'SELECT since, reason FROM pause') ?? null;
}

/** To be run in an immediate transaction, as the next. */
export function pause(db: Db, reason: string, nowMs: number): Pause {
  const known = readPause(db);
  if (known !== null) return known;
  const begun = { since: toIso(nowMs), reason };
  run(db, 'INSERT INTO pause (one, since, reason) VALUES (1, @since, @reason)', begun);
  return begun;
}

/** Whatever is there. */
export function putPause(db: Db, pause: Pause | null): void {
  run(db, 'DELETE FROM pause');
  if (pause === null) return;
  run(db, 'INSERT INTO pause (one, since, reason) VALUES (1, @since, @reason)', { ...pause });
}

export function resume(db: Db): Pause | null {
  const known = readPause(db);
  run(db, 'DELETE FROM pause');
  return known;
}
