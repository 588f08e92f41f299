import test from 'ava';
import { createLog } from '../../src/log.js';

async function logged(write: (log: Awaited<ReturnType<typeof createLog>>) => void) {
  const lines: string[] = [];
  const secrets = { redditClientSecret: 'p"ss/w=rd & more', adminToken: null };
  const log = await createLog('api', { nodeEnv: 'production', logLevel: 'info' }, secrets, {
    write: (line) => void lines.push(line),
  });
  write(log);
  return lines.join('');
}

test('lines are JSON with name, level word and ISO time', async (t) => {
  const line = JSON.parse(await logged((log) => log.info({ ms: 7 }, 'store open'))) as object;
  t.like(line, { name: 'api', level: 'info', msg: 'store open', ms: 7 });
  t.regex((line as { time: string }).time, /^\d{4}-.*Z$/);
});

test('secrets are masked by field name, at any depth', async (t) => {
  const line = await logged((log) =>
    log.info({ a: { headers: { authorization: 'Basic abc' } }, client_secret: 'x"y', apiKey: '1' }),
  );
  t.false(/Basic abc|x\\"y/.test(line));
  t.is(line.match(/\[masked\]/g)?.length, 3);
  t.notThrows(() => void JSON.parse(line));
});

test('a known secret is masked wherever it stands, in any spelling', async (t) => {
  const secret = 'p"ss/w=rd & more';
  const line = await logged((log) =>
    log.error({
      url: `http://x/?k=${encodeURIComponent(secret)}`,
      basic: Buffer.from(secret).toString('base64'),
      err: new Error(`refused: ${secret}`),
    }),
  );
  t.false(line.includes('ss/w'));
  t.false(line.includes(encodeURIComponent(secret)));
  t.false(line.includes(Buffer.from(secret).toString('base64')));
  t.notThrows(() => void JSON.parse(line));
});
