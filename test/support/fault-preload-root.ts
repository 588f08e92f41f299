import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { type FaultOrder, ORDER_SIGNAL, orderFile, startFile, startsFile } from './fault-orders.js';

/**
 * Comes into the real entry points by `--import …/fault-preload-root.js?name=api&folder=…`
 * and makes them suffer what test/support/fault-orders.ts lists.
 */
const { searchParams } = new URL(import.meta.url);
const name = searchParams.get('name') ?? '';
const folder = searchParams.get('folder') ?? '';
const CHUNK_MB = 4;
const held: Buffer[] = [];
let leaking: NodeJS.Timeout | undefined;

if (isMainThread) {
  const { pid } = process;
  appendFileSync(startsFile(folder), `${JSON.stringify({ name, pid, at: Date.now() })}\n`);
  if (existsSync(startFile(folder, name))) obey(startFile(folder, name));
  process.on(ORDER_SIGNAL, () => obey(orderFile(folder, name)));
}

function obey(file: string): void {
  const order = JSON.parse(readFileSync(file, 'utf8')) as FaultOrder;
  switch (order.do) {
    case 'block':
      return spinForTheSuite(order.ms);
    case 'leak':
      return leak(order.mbPerSecond, order.mb);
    case 'release':
      return release();
    case 'exit':
      return process.exit(order.code);
    case 'throw':
      setTimeout(() => {
        throw new Error('thrown for the suite');
      }, order.afterMs);
      return;
    case 'set':
      Object.assign(process.env, order.env);
  }
}

function spinForTheSuite(ms: number): void {
  const end = performance.now() + ms;
  let turns = 0;
  while (performance.now() < end) turns += 1;
  if (turns === 0) throw new Error('it did not spin');
}

function leak(mbPerSecond: number, mb: number): void {
  clearInterval(leaking);
  leaking = setInterval(
    () => {
      if (held.length * CHUNK_MB >= mb) clearInterval(leaking);
      else held.push(Buffer.alloc(CHUNK_MB * 1024 * 1024, 1));
    },
    (1000 * CHUNK_MB) / mbPerSecond,
  );
}

function release(): void {
  clearInterval(leaking);
  held.length = 0;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
