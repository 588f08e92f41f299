import { systemClock } from '../clock.js';
import { runCommand } from '../command.js';
import { readEnvironment } from '../config.js';
import { DEMO_FOLDER, demoPm2 } from '../demo/demo.js';

const help = `
npm run demo:stop

Ends all processes of a demo that runs in this folder; its data stays in ${DEMO_FOLDER}/.
Exit codes: 0 nothing runs any more.
`;

await runCommand({ name: 'demo:stop', help, options: {} }, async () => {
  const pm2 = demoPm2(readEnvironment(), systemClock);
  if (pm2.daemon() === null) {
    process.stdout.write('No demo runs in this folder.\n');
    return 0;
  }
  await pm2.kill();
  process.stdout.write('The demo has ended.\n');
  return 0;
});
