import test from 'ava';
import { startPreload } from '../../src/preload.js';
import { AppError } from '../../src/errors.js';
import type { Revision } from '../../src/store/store.js';
import { ManualClock } from '../support/clock.js';
import { recordingLog } from '../support/log.js';

function stage() {
  const clock = new ManualClock();
  const { log, lines } = recordingLog();
  const asked: string[] = [];
  const at = { revision: { opening: 'one', data_version: 1 } as Revision | null, status: 200 };
  const preload = startPreload({
    app: {
      inject: async ({ url }: { url: string }) => {
        asked.push(url);
        return { statusCode: url === '/b' ? at.status : 200, headers: {} };
      },
    } as never,
    rollups: {
      isComplete: () => true,
      revision: async () => {
        if (at.revision === null) throw new AppError('store_unreachable', 'gone');
        return at.revision;
      },
    },
    ...{ clock, log, paths: ['/a', '/b', '/c'] },
  });
  return { clock, lines, asked, at, preload };
}

test('asked at once at the start, then when the data has come to rest', async (t) => {
  const { clock, asked, at, preload, lines } = stage();
  await clock.advance(0);
  t.deepEqual(asked, ['/a', '/b', '/c']);
  t.true(lines.some(({ msg }) => msg === 'default answers ready'));
  for (let version = 2; version < 40; version += 1) {
    at.revision = { opening: 'one', data_version: version };
    await clock.advance(700); // a cycle commits
  }
  t.is(asked.length, 3, 'nothing is computed only to be computed again');
  await clock.advance(3000);
  t.is(asked.length, 6);
  await clock.advance(600_000);
  t.is(asked.length, 6, 'and not again while nothing moves');
  at.revision = null;
  await clock.advance(60_000);
  t.is(asked.length, 6);
  await preload.close();
  t.is(clock.sleeping, 0);
});

test('what fails is tried again later and later, told once, and keeps nothing else back', async (t) => {
  const { clock, asked, at, preload, lines } = stage();
  at.status = 503;
  await clock.advance(600_000);
  t.true(asked.length < 3 * 20, String(asked.length));
  t.true(asked.filter((url) => url === '/c').length > 5, 'the others are asked all the same');
  const told = lines.filter(({ level }) => level === 'warn');
  t.is(told.length, 1);
  t.deepEqual(told[0]?.failed, ['/b: 503']);
  at.status = 200;
  await clock.advance(61_000);
  t.true(lines.some(({ msg }) => msg === 'default answers ready'));
  await preload.close();
});
