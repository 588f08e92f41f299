import { mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createDisks } from '../../monitor/observe/disks.js';
import { systemClock } from '../../src/clock.js';
import { ManualClock } from '../support/clock.js';
import { temporaryFolder } from '../support/temp.js';

test('free space of a real disk, once for all folders on it, also of those yet to be made', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'file'), '');
  const folders = ['a', 'a/b/c', 'file/below'].map((name) => join(folder, name));
  const [disk, ...more] = await createDisks({ folders, clock: systemClock }).sample();
  const { bavail, bsize } = statfsSync(folder);
  t.is(disk?.path, folders[0]);
  t.true(Math.abs((disk?.freeMb ?? 0) - (bavail * bsize) / 1024 / 1024) < 1024);
  t.deepEqual(more, []);
});

test('each device is told, in the order of the folders', async (t) => {
  const devices: Record<string, number> = { '/state': 1, '/data': 2, '/pm2': 1 };
  const disks = createDisks({
    folders: Object.keys(devices),
    clock: new ManualClock(),
    measure: async (folder) => ({ device: devices[folder] ?? 0, freeMb: 10 }),
  });
  t.deepEqual(await disks.sample(), [
    { path: '/state', freeMb: 10 },
    { path: '/data', freeMb: 10 },
  ]);
});

test('a folder that cannot be looked at is left out', async (t) => {
  const disks = createDisks({
    folders: ['/secret/state'],
    clock: new ManualClock(),
    measure: async () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })),
  });
  t.deepEqual(await disks.sample(), []);
});

test('a disk that hangs costs a deadline and is asked once at a time; the others are told', async (t) => {
  const clock = new ManualClock();
  let asked = 0;
  let answer: (disk: { device: number; freeMb: number }) => void = () => undefined;
  const disks = createDisks({
    folders: ['/local', '/network'],
    clock,
    measure: (folder) => {
      if (folder === '/local') return Promise.resolve({ device: 1, freeMb: 10 });
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    },
  });
  const first = disks.sample();
  await clock.advance(1000);
  t.deepEqual(await first, [{ path: '/local', freeMb: 10 }]);
  for (let look = 0; look < 100; look += 1) {
    t.deepEqual(await disks.sample(), [{ path: '/local', freeMb: 10 }], 'at once');
  }
  t.is(asked, 1);
  answer({ device: 2, freeMb: 20 });
  await clock.advance(0);
  const healed = disks.sample();
  answer({ device: 2, freeMb: 30 });
  t.deepEqual(await healed, [
    { path: '/local', freeMb: 10 },
    { path: '/network', freeMb: 30 },
  ]);
});
