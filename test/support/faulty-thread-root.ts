import { parentPort, threadId } from 'node:worker_threads';
import type { FromThread, ToThread } from '../../src/store/sqlite/protocol.js';

/** A store thread that hangs (`post('hang')`), takes its time to upgrade (`post('upgrade')`) or dies (`post('die')`) when told; `ping` names it. */
const port = parentPort;
const post = (message: FromThread) => port?.postMessage(message);

port?.on('message', (message: ToThread) => {
  if (message.kind === 'close') port.close();
  if (message.kind !== 'call') return;
  const [wish] = message.args;
  if (wish === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  if (wish === 'upgrade') {
    post({ kind: 'upgrading' });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  }
  if (wish === 'die') process.exit(3);
  if (wish === 'throw') throw new Error('a bug in the thread');
  if (wish !== 'silence') {
    post({ kind: 'answer', id: message.id, value: { data_version: threadId } });
  }
});
post({ kind: 'ready' });
