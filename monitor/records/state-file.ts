import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { createFolder } from '../../src/folder.js';
import type { Clock } from '../../src/clock.js';
import type { Log } from '../../src/log.js';
import {
  type Incident,
  type Moment,
  QUIET,
  type State,
  withProcess,
  withWatch,
} from '../rules/state.js';

/** What outlives the monitor, with wall-clock times: spent restarts, open incidents, trials. */
const IsoTime = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$' });
const MAX_TEXT = 2000;
const Text = Type.String({ maxLength: MAX_TEXT });
const Count = Type.Integer({ minimum: 0 });
const Saved = Type.Object({
  version: Type.Literal(2),
  processes: Type.Record(
    Type.String(),
    Type.Object({
      restarts: Type.Array(IsoTime, { maxItems: 100 }),
      crashes: Type.Array(IsoTime, { maxItems: 100 }),
      counter: Type.Union([Count, Type.Null()]),
      asked: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
    }),
  ),
  incidents: Type.Record(
    Type.String(),
    Type.Object({
      id: Text,
      since: IsoTime,
      cause: Text,
      what: Text,
      restarts: Count,
      notFixed: Count,
      escalated: Type.Boolean(),
      told: Type.Union([IsoTime, Type.Null()]),
      heldBack: Type.Union([Type.Literal('explained'), Type.Literal('silenced'), Type.Null()]),
      reminders: Count,
      place: Type.Union([Text, Type.Null()]),
    }),
  ),
  trials: Type.Array(
    Type.Object({
      process: Text,
      subject: Text,
      incident: Text,
      cause: Text,
      made: IsoTime,
      underWay: Type.Boolean(),
      stage: Count,
      fixed: Type.Union([Type.Boolean(), Type.Null()]),
    }),
    { maxItems: 100 },
  ),
});
type Saved = Static<typeof Saved>;

const MAX_BYTES = 256 * 1024;

export interface StateFile {
  /** The given state with what the file holds; a file that cannot be used is left out. */
  restore(state: State): Promise<State>;
  /** Writes what changed, whole or not at all. Never throws: watching goes on without it. */
  save(state: State): Promise<void>;
}

/**
 * @param restartMs how long PM2 may take for a restart: one that was under way when the monitor
 *   died counts as under way for so long, for PM2 calls the old process online until it ends
 */
export function stateFile(folder: string, clock: Clock, log: Log, restartMs: number): StateFile {
  const path = join(folder, 'monitor-state.json');
  let written = '';
  let failing = false;
  return {
    async restore(state) {
      const saved = await read(path, log);
      return saved === null ? state : merge(state, saved, clock, restartMs);
    },
    async save(state) {
      const text = `${JSON.stringify(toSaved(state), null, 2)}\n`;
      if (text === written) return;
      try {
        createFolder(folder);
        await writeFile(`${path}.tmp`, text, { mode: 0o600, flush: true });
        await rename(`${path}.tmp`, path);
        written = text;
        if (failing) log.info({ path }, 'the monitor saves its state again');
        failing = false;
      } catch (error) {
        const advice = 'the monitor cannot save its state: check MONITOR_STATE_DIR';
        if (!failing) log.error({ err: error, path }, advice);
        failing = true;
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

function toSaved(state: State): Saved {
  const processes = Object.entries(state.processes).map(([name, own]) => [
    name,
    {
      restarts: own.restarts.slice(-100).map(({ time }) => time),
      crashes: own.crashes.slice(-100).map(({ time }) => time),
      counter: own.counter,
      asked: own.asked,
    },
  ]);
  const incidents = Object.entries(state.watches).flatMap(([subject, { incident }]) =>
    incident === null ? [] : [[subject, savedIncident(incident)]],
  );
  return {
    version: 2,
    processes: Object.fromEntries(processes) as Saved['processes'],
    incidents: Object.fromEntries(incidents) as Saved['incidents'],
    trials: state.trials.map((trial) => ({ ...trial, made: trial.made.time })),
  };
}

function savedIncident(incident: Incident): Saved['incidents'][string] {
  const { since, told, cause, what } = incident;
  // Longer ones would make the whole file unusable; some of it comes over the network.
  const texts = { cause: cause.slice(0, MAX_TEXT), what: what.slice(0, MAX_TEXT) };
  return { ...incident, ...texts, since: since.time, told: told?.time ?? null };
}

function merge(state: State, saved: Saved, clock: Clock, restartMs: number): State {
  const moment = (time: string): Moment => {
    // A clock that was set back since makes it later than now: then it counts as now.
    const ageMs = Math.max(0, clock.now() - Date.parse(time));
    return { at: clock.monotonic() - ageMs, time };
  };
  let merged: State = {
    ...state,
    trials: saved.trials.map((trial) => ({ ...trial, made: moment(trial.made) })),
  };
  for (const [name, { restarts, crashes, counter, asked = null }] of Object.entries(
    saved.processes,
  )) {
    merged = withProcess(merged, name, {
      restarts: restarts.map(moment),
      crashes: crashes.map(moment),
      counter,
      asked,
    });
  }
  for (const { process, made } of merged.trials.filter(({ underWay }) => underWay)) {
    merged = withProcess(merged, process, { graceUntil: made.at + restartMs });
  }
  for (const [subject, incident] of Object.entries(saved.incidents)) {
    const told = incident.told === null ? null : moment(incident.told);
    const reopened = { ...incident, since: moment(incident.since), told };
    merged = withWatch(merged, subject, { ...QUIET, incident: reopened });
  }
  return merged;
}
