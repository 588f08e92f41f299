import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { eventually } from '../support/pm2.js';
import { temporaryFolder } from '../support/temp.js';

const cli = (name: string) => fileURLToPath(new URL(`../../src/cli/${name}.js`, import.meta.url));

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => found(port));
    });
  });
}

/** The demo with `--fault store`, as from a terminal whose output goes into a file. */
async function bench(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const env = { PATH: process.env.PATH, HOME: folder, API_PORT: String(await freePort()) };
  const run = (name: string, args: string[] = []) => {
    const child = spawn(process.execPath, [cli(name), ...args], { cwd: folder, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const ended = new Promise<number | string>((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? code ?? -1));
    });
    return { child, ended, output: () => output };
  };
  t.teardown(() => run('demo-stop').ended);
  const database = join(folder, '.demo', 'sentimentagent.db');
  const daemon = () => existsSync(join(folder, '.demo', 'pm2', 'pm2.pid'));
  return { folder, env, run, database, daemon };
}

/** Running, with the database away for three seconds. */
async function inTheMiddle(t: ExecutionContext) {
  const made = await bench(t);
  const demo = made.run('demo', ['--fault', 'store']);
  await eventually('the third second', () => /^3 s /m.test(demo.output()), 100_000);
  t.false(existsSync(made.database));
  return { ...made, demo };
}

test.serial('the demo shows that charts outlive their database', async (t) => {
  const { run, database } = await bench(t);
  const demo = run('demo', ['--detach', '--fault', 'store']);
  t.is(await demo.ended, 0, demo.output());
  const output = demo.output();
  t.log(output.slice(output.indexOf('Before the fault')));
  t.is(output.match(/^\d s( +200 Age \d+){5} +503 +\d{3} \w+$/gm)?.length, 7);
  t.regex(output, /^7 s .* 503 unhealthy$/m);
  t.regex(output, /^Health: database_unreachable: .*is not there/m);
  t.regex(output, /^All fresh \d+ ms after the database was back/m);
  t.regex(output, /^cycle \S+: succeeded/m);
  t.regex(output, /^The store fault: all as promised\.$/m);
  t.true(existsSync(database));
});

test.serial('Ctrl-C in the middle puts the database back and ends everything', async (t) => {
  const { demo, database, daemon } = await inTheMiddle(t);
  demo.child.kill('SIGINT');
  await eventually('the database', () => existsSync(database), 5000);
  t.is(await demo.ended, 1);
  t.regex(demo.output(), /The demo was interrupted\.\n$/);
  t.false(/WRONG|promised/.test(demo.output()));
  t.false(daemon());
  t.true(readdirSync(join(database, '..')).includes('sentimentagent.db'));
});

test.serial('killed in the middle: nothing is lost, npm run demo:stop puts it back', async (t) => {
  const { demo, database, run, env } = await inTheMiddle(t);
  demo.child.kill('SIGKILL');
  t.is(await demo.ended, 'SIGKILL');
  const charts = `http://127.0.0.1:${env.API_PORT}/api/v1/sentiment/stats?hours=24`;
  t.is((await fetch(charts)).headers.get('x-data-stale'), 'true', 'the api goes on');
  const stop = run('demo-stop');
  t.is(await stop.ended, 0);
  t.regex(stop.output(), /which was away, is back/);
  t.true(existsSync(database));
  const again = run('demo-stop');
  t.is(await again.ended, 0);
  t.regex(again.output(), /^No demo runs in this folder\.\n$/);
});
