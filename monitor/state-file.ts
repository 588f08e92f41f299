import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { createFolder } from '../src/folder.js';
import type { Clock } from '../src/clock.js';
import type { Log } from '../src/log.js';
import type { Incident, Moment, State, Watch } from './decide.js';

/** What outlives the monitor: spent restarts and open incidents, with wall-clock times. */
const IsoTime = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$' });
const Saved = Type.Object({
  version: Type.Literal(1),
  restarts: Type.Record(Type.String(), Type.Array(IsoTime, { maxItems: 100 })),
  incidents: Type.Record(
    Type.String(),
    Type.Object({
      id: Type.String({ maxLength: 100 }),
      since: IsoTime,
      cause: Type.String({ maxLength: 400 }),
      restarts: Type.Integer({ minimum: 0 }),
      escalated: Type.Boolean(),
    }),
  ),
});
type Saved = Static<typeof Saved>;

const MAX_BYTES = 64 * 1024;

export interface StateFile {
  /** The given state with what the file holds; a file that cannot be used is left out. */
  restore(state: State): Promise<State>;
  /** Writes what changed, whole or not at all. Never throws: watching goes on without it. */
  save(state: State): Promise<void>;
}

export function stateFile(folder: string, clock: Clock, log: Log): StateFile {
  const path = join(folder, 'monitor-state.json');
  let written = '';
  return {
    async restore(state) {
      const saved = await read(path, log);
      return saved === null ? state : merge(state, saved, clock);
    },
    async save(state) {
      const text = `${JSON.stringify(toSaved(state), null, 2)}\n`;
      if (text === written) return;
      try {
        createFolder(folder);
        await writeFile(`${path}.tmp`, text, { mode: 0o600, flush: true });
        await rename(`${path}.tmp`, path);
        written = text;
      } catch (error) {
        log.error(
          { err: error, path },
          'the monitor cannot save its state: check MONITOR_STATE_DIR',
        );
      }
    },
  };
}

async function read(path: string, log: Log): Promise<Saved | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn({ err: error, path }, 'the saved state cannot be read: starting without it');
    }
    return null;
  }
  const value = text.length > MAX_BYTES ? null : parse(text);
  if (value === null) log.warn({ path }, 'the saved state is not usable: starting without it');
  return value;
}

function parse(text: string): Saved | null {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(Saved, value) ? value : null;
  } catch {
    return null;
  }
}

function toSaved({ processes, watches }: State): Saved {
  const restarts = Object.entries(processes).map(([name, own]) => [
    name,
    own.restarts.slice(-100).map(({ time }) => time),
  ]);
  const incidents = Object.entries(watches).flatMap(([subject, { incident }]) =>
    incident === null ? [] : [[subject, savedIncident(incident)]],
  );
  return {
    version: 1,
    restarts: Object.fromEntries(restarts) as Saved['restarts'],
    incidents: Object.fromEntries(incidents) as Saved['incidents'],
  };
}

function savedIncident({ id, since, cause, restarts, escalated }: Incident): object {
  return { id, since: since.time, cause, restarts, escalated };
}

function merge(state: State, saved: Saved, clock: Clock): State {
  const moment = (time: string): Moment => {
    // A clock that was set back since makes it later than now: then it counts as now.
    const ageMs = Math.max(0, clock.now() - Date.parse(time));
    return { at: clock.monotonic() - ageMs, time };
  };
  const processes: State['processes'] = { ...state.processes };
  for (const [name, times] of Object.entries(saved.restarts)) {
    processes[name] = { restarts: times.map(moment), graceUntil: state.graceUntil };
  }
  const watches: State['watches'] = { ...state.watches };
  for (const [subject, { since, ...rest }] of Object.entries(saved.incidents)) {
    watches[subject] = reopened({ ...rest, since: moment(since) });
  }
  return { ...state, processes, watches };
}

const reopened = (incident: Incident): Watch => ({
  failures: 0,
  successes: 0,
  since: null,
  restartable: 0,
  generation: null,
  incident,
});
