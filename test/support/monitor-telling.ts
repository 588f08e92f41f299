import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '../../monitor/records/journal-entry.js';
import { NOTICE_KINDS, type Notice, type NoticeKind } from '../../monitor/notify/notice.js';
import { systemClock } from '../../src/clock.js';
import { type AppName, type Bed, INTERVAL_MS } from './monitor-bed.js';
import { eventually } from './pm2.js';

/** A notice, through whichever channel it was seen first. */
export interface Told {
  kind: NoticeKind;
  incident: string;
  subject: string;
  cause: string;
  action: string;
  /** All of it that people read. */
  text: string;
  place: string | null;
}

export interface Wanted {
  kind?: NoticeKind;
  subject?: string;
  cause?: string | RegExp;
  text?: RegExp;
}

/** What a row must have come to. */
export interface Story {
  /** The kinds of notice by subject, in order; reminders are not counted. No other subject may be told of. */
  told: Record<string, NoticeKind[]>;
  /** Subjects of which may be told besides, if what is told of them ends with a recovery. */
  maybe?: string[];
  /** Subjects of which anything may be told. */
  any?: string[];
  /** By the monitor; none where nothing is said. */
  restarts?: Partial<Record<AppName, number>>;
  /** What else is worth a word in the row's line. */
  figures?: string;
}

export interface Telling {
  notices(): Told[];
  journal(): JournalEntry[];
  told(wanted: Wanted, withinMs?: number): Promise<Told>;
  /** How often the monitor has restarted it. */
  restarts(app: AppName): number;
  /** Waits for the end of the story and throws unless every channel tells the same. */
  audit(story: Story): Promise<string>;
}

const TOLD_WITHIN_MS = 30_000;

export function telling(bed: Bed): Telling {
  const journal = () => {
    const path = join(bed.stateFolder, 'incidents.ndjson');
    if (!existsSync(path)) return [];
    const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as JournalEntry);
  };
  const channels = (): Record<string, Told[]> => ({
    webhook: delivered(bed).map((notice) => ({
      ...notice,
      text: [notice.what, notice.action, ...notice.also].join('; '),
    })),
    log: logged(bed),
    journal: journal()
      .filter(({ event }) => (NOTICE_KINDS as readonly string[]).includes(event))
      .map((entry) => ({
        ...{ ...entry, kind: entry.event as NoticeKind },
        ...{ action: '', place: null },
      })),
  });
  const notices = () => {
    const { webhook = [], log = [] } = channels();
    const keys = new Set(numbered(webhook));
    return [...webhook, ...log.filter((_, n) => !keys.has(numbered(log)[n] ?? ''))];
  };
  const restarts = (app: AppName) =>
    bed.log('monitor').filter(({ msg }) => msg === `restarting ${app}`).length;
  return {
    ...{ notices, journal, restarts },
    told: (wanted, withinMs = TOLD_WITHIN_MS) =>
      eventually(
        `a notice like ${inspect(wanted)}`,
        () => notices().find((one) => fits(one, wanted)),
        withinMs,
      ),
    async audit(story) {
      const complete = () => differences(notices(), story).length === 0;
      await eventually('the end', complete).catch(() => undefined);
      await systemClock.sleep(4 * INTERVAL_MS);
      const wrong = differences(notices(), story);
      for (const app of ['api', 'jobs', 'monitor'] as const) {
        const wanted = story.restarts?.[app] ?? 0;
        if (restarts(app) !== wanted)
          wrong.push(`${app}: ${restarts(app)} restarts, not ${wanted}`);
      }
      wrong.push(...disagreements(channels()), ...unrecorded(journal(), bed, restarts));
      if (wrong.length > 0) throw new Error(wrong.join('; '));
      return summary(notices(), restarts, story);
    },
  };
}

/** What was on its way when the monitor was killed may come twice, with the same id. */
function delivered(bed: Bed): Notice[] {
  const all = bed.webhook.accepted();
  return wasKilled(bed) ? [...new Map(all.map((notice) => [notice.id, notice])).values()] : all;
}

const wasKilled = (bed: Bed): boolean =>
  bed.log('monitor').filter(({ msg }) => msg === 'watching').length > 1;

function logged(bed: Bed): Told[] {
  return bed
    .log('monitor')
    .filter(({ notice }) => notice !== undefined)
    .map((line) => ({
      kind: line.notice as NoticeKind,
      incident: String(line.incident),
      subject: String(line.subject),
      cause: String(line.cause),
      action: String(line.action),
      text: line.msg,
      place: typeof line.place === 'string' ? line.place : null,
    }));
}

function fits(one: Told, { kind, subject, cause, text }: Wanted): boolean {
  return (
    (kind === undefined || one.kind === kind) &&
    (subject === undefined || one.subject === subject) &&
    (cause === undefined ||
      (typeof cause === 'string' ? one.cause === cause : cause.test(one.cause))) &&
    (text === undefined || text.test(one.text))
  );
}

/** So that the same notice has the same name in every channel. */
function numbered(notices: Told[]): string[] {
  const seen = new Map<string, number>();
  return notices.map(({ incident, kind }) => {
    const key = `${kind} of ${incident}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return `${key} ${seen.get(key)}`;
  });
}

function differences(notices: Told[], { told, maybe = [], any = [] }: Story): string[] {
  const subjects = new Set([...Object.keys(told), ...notices.map(({ subject }) => subject)]);
  return [...subjects].flatMap((subject) => {
    const kinds = notices
      .filter((one) => one.subject === subject && one.kind !== 'reminder')
      .map(({ kind }) => kind);
    const wanted = told[subject] ?? [];
    if (any.includes(subject) || kinds.join() === wanted.join()) return [];
    const open = kinds.filter((kind) => kind === 'recovery').length * 2 !== kinds.length;
    if (told[subject] === undefined && maybe.includes(subject) && !open) return [];
    return [`${subject}: told ${kinds.join(', ') || 'nothing'}, not ${wanted.join(', ')}`];
  });
}

/** Each notice once in each channel. */
function disagreements(channels: Record<string, Told[]>): string[] {
  const all = Object.entries(channels).map(([name, told]) => ({ name, keys: numbered(told) }));
  const every = [...new Set(all.flatMap(({ keys }) => keys))];
  return every.flatMap((key) =>
    all.filter(({ keys }) => !keys.includes(key)).map(({ name }) => `the ${name} has no ${key}`),
  );
}

/** What the journal must have of every incident, whatever it was. */
function unrecorded(
  journal: JournalEntry[],
  bed: Bed,
  restarts: (app: AppName) => number,
): string[] {
  const count = (events: string[]) => journal.filter(({ event }) => events.includes(event)).length;
  const made = restarts('api') + restarts('jobs');
  const wrong: string[] = [];
  if (count(['restart']) !== made) wrong.push(`the journal has ${count(['restart'])} restarts`);
  // One that was killed meanwhile does not know how its restart ended.
  if (count(['restarted', 'restart_failed']) !== made && !wasKilled(bed)) {
    wrong.push('the journal lacks their ends');
  }
  for (const { incident, event } of journal) {
    const own = journal.filter((one) => one.incident === incident).map((one) => one.event);
    if (event === 'alert' && !own.includes('opened')) wrong.push(`${incident} was never opened`);
    if (event === 'recovery' && !own.includes('closed')) wrong.push(`${incident} is not closed`);
  }
  return wrong;
}

function summary(notices: Told[], restarts: (app: AppName) => number, story: Story): string {
  const made = (['api', 'jobs'] as const)
    .filter((app) => restarts(app) > 0)
    .map((app) => `${app} restarted ${restarts(app)}×`);
  const told = notices.map(({ kind, subject, cause }) => `${kind} ${subject} (${cause})`);
  return [...told, ...made, story.figures ?? ''].filter(Boolean).join(', ') || 'nothing was told';
}

function inspect(wanted: Wanted): string {
  return JSON.stringify(wanted, (_, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );
}
