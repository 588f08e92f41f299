import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { readEnvironment } from '../config.js';
import { demoPm2 } from '../demo/demo.js';
import { demoDatabase } from '../demo/demo-store.js';
import { DEMO_FOLDER } from '../demo/folder.js';
import { putBack } from '../demo/store-files.js';

const help = `
npm run demo:stop

Ends all processes of a demo that runs in this folder; its data stays in ${DEMO_FOLDER}/. A database
that a demo killed under --fault store had moved away is put back.
Exit codes: 0 nothing runs any more.
`;

await runCommand({ name: 'demo:stop', help, options: {} }, async () => {
  const pm2 = demoPm2(readEnvironment(), systemClock);
  const runs = pm2.daemon() !== null;
  if (runs) await pm2.kill();
  if (putBack(demoDatabase())) process.stdout.write('Its database, which was away, is back.\n');
  process.stdout.write(runs ? 'The demo has ended.\n' : 'No demo runs in this folder.\n');
  return 0;
});
