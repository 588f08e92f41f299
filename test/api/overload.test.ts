import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemClock } from '../../src/clock.js';
import { buildTestApp } from '../support/app.js';
import { fillStore } from '../support/fill.js';
import { aPost } from '../support/items.js';

const CLIENTS = 20;
/** Requests that each sends without waiting; the kernel takes some megabytes of the answers. */
const PIPELINED = 12;
/** About 3 MB an answer. */
const POSTS = 150;
const CONTENT = 'x'.repeat(20_000);

/** The API, listening, with a page of POSTS; answers its port and URL. */
async function listening(t: ExecutionContext) {
  const env = { STORE_TIMEOUT_SECONDS: '60' }; // the store is no part of this
  const { app, store, faulty } = await buildTestApp(t, { clock: systemClock, env });
  const created_utc = new Date(systemClock.now() - 60_000).toISOString();
  await fillStore(store, systemClock, {
    posts: Array.from({ length: POSTS }, (_, n) =>
      aPost({ id: `p${n}`, content: CONTENT, created_utc }),
    ),
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { app, store, faulty, port, url: `http://127.0.0.1:${port}` };
}

// One after the other: what a test leaves waiting would be in the way of the others' first answers.
const PATH = '/api/v1/posts/recent?limit=1000';
const REQUEST = `GET ${PATH} HTTP/1.1\r\nHost: x\r\n\r\n`;

test.serial(
  'clients that never read are refused before they fill the memory, and nobody else is kept',
  async (t) => {
    const { port, url } = await listening(t);
    const sockets: Socket[] = [];
    for (let n = 0; n < CLIENTS; n += 1) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      socket.pause();
      socket.write(REQUEST.repeat(PIPELINED));
      sockets.push(socket);
    }
    const until = async (path: string, status: number) => {
      for (let tries = 0; tries < 200; tries += 1) {
        const reply = await fetch(url + path);
        const body = await reply.text();
        if (reply.status === status) return { reply, body };
        await systemClock.sleep(25);
      }
      throw new Error(`never ${status}: ${path}`);
    };
    const { reply, body } = await until('/api/v1/sentiment/stats', 503);
    t.is(reply.headers.get('retry-after'), '1');
    t.like(JSON.parse(body), { code: 'overloaded' });
    t.is((await fetch(`${url}/livez`)).status, 200, 'probes hold nothing');
    for (const socket of sockets) socket.destroy();
    t.truthy(await until('/api/v1/sentiment/stats', 200));
  },
);

test.serial('what waits behind another answer is let go with its connection', async (t) => {
  const { port, url } = await listening(t);
  await fetch(url + PATH).then((reply) => reply.text()); // from now on it is in memory
  const drop = async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.pause();
    socket.write(REQUEST.repeat(PIPELINED));
    await systemClock.sleep(200);
    socket.destroy();
    await once(socket, 'close');
  };
  // Each leaves some of them behind; together they are more than may wait.
  for (let n = 0; n < CLIENTS; n += 1) await drop();
  await systemClock.sleep(200);
  t.is((await fetch(`${url}/api/v1/sentiment/stats`)).status, 200);
});

test.serial(
  'clients that go before they are answered, and our own questions, hold nothing',
  async (t) => {
    const { app, store, faulty, port, url } = await listening(t);
    faulty.recentPosts = async (query) => {
      await systemClock.sleep(20); // long enough for the client's end to be noticed
      return store.recentPosts(query);
    };
    for (let n = 0; n < 60; n += 1) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined);
      await once(socket, 'connect');
      // A question of its own, so that it is still being computed when the client goes.
      const arrived = once(app.server, 'request');
      socket.write(REQUEST.replace('1000', String(1000 - n)));
      await arrived;
      socket.destroy();
      await once(socket, 'close');
      t.is((await app.inject(PATH)).statusCode, 200, `${n}`);
    }
    t.is((await fetch(url + PATH)).status, 200);
  },
);
