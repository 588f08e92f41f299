import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { createFolder } from '../../src/folder.js';
import type { Log } from '../../src/log.js';
import { NOTICE_KINDS } from './notice.js';

const Text = Type.String({ maxLength: 4000 });
const Notice = Type.Object({
  id: Text,
  kind: Type.Enum([...NOTICE_KINDS]),
  incident: Text,
  subject: Text,
  what: Text,
  cause: Text,
  since: Text,
  time: Text,
  action: Text,
  budgetLeft: Type.Union([Type.Number(), Type.Null()]),
  durationMs: Type.Union([Type.Number(), Type.Null()]),
  place: Type.Union([Text, Type.Null()]),
  also: Type.Array(Text, { maxItems: 100 }),
});

/** A notice and the channels it has yet to go to. */
const Saved = Type.Object({
  version: Type.Literal(1),
  notice: Notice,
  pending: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 20 }),
});
export type Saved = Static<typeof Saved>;

const MAX_FILE_BYTES = 128 * 1024;
/** Of the files that were put aside, for a human to look at. */
const MAX_ASIDE = 5;
const NAME = /^\d{12}\.json$/;

/** One file for each notice, so that a broken one costs no other. Named by their order. */
export interface NoticeFiles {
  /** Oldest first. Whatever cannot be used is put aside. @throws the file system's error */
  load(): Promise<[number: number, saved: Saved][]>;
  /** Whole or not at all, and on the disk when it resolves. @throws the file system's error */
  save(number: number, saved: Saved): Promise<void>;
  /** @throws the file system's error */
  remove(number: number): Promise<void>;
}

export function noticeFiles(folder: string, log: Log): NoticeFiles {
  const pathOf = (number: number) => join(folder, `${String(number).padStart(12, '0')}.json`);
  return {
    async load() {
      createFolder(folder);
      const names = (await readdir(folder)).sort();
      for (const name of names) {
        if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
      }
      const loaded: [number, Saved][] = [];
      for (const name of names.filter((one) => NAME.test(one))) {
        const saved = await read(join(folder, name));
        if (saved === null) await putAside(folder, name, log);
        else loaded.push([Number.parseInt(name, 10), saved]);
      }
      return loaded;
    },
    async save(number, saved) {
      createFolder(folder);
      const path = pathOf(number);
      await writeFile(`${path}.tmp`, JSON.stringify(saved), { mode: 0o600, flush: true });
      await rename(`${path}.tmp`, path);
      await syncFolder(folder);
    },
    remove: (number) => rm(pathOf(number), { force: true }),
  };
}

async function read(path: string): Promise<Saved | null> {
  try {
    if ((await stat(path)).size > MAX_FILE_BYTES) return null;
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return Value.Check(Saved, value) ? value : null;
  } catch {
    return null;
  }
}

async function putAside(folder: string, name: string, log: Log): Promise<void> {
  const aside = `${name}.bad`;
  log.error({ folder, file: aside }, 'a queued notice is not readable: it is put aside');
  await rename(join(folder, name), join(folder, aside)).catch(() => undefined);
  const all = (await readdir(folder)).filter((one) => one.endsWith('.bad')).sort();
  for (const old of all.slice(0, -MAX_ASIDE)) await rm(join(folder, old), { force: true });
}

/** A rename is on the disk only when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
