import { appendFileSync } from 'node:fs';

/**
 * Stands in for an entry point under PM2: notes that it started in the file TRACE, then
 * ends with EXIT_API or EXIT_JOBS where that is set, or stays until it is told to end.
 */
const { name = '', TRACE = '' } = process.env;
appendFileSync(
  TRACE,
  `${JSON.stringify({
    name,
    pid: process.pid,
    at: Date.now(),
    execArgv: process.execArgv,
    nodeEnv: process.env.NODE_ENV,
    secretFile: process.env.REDDIT_CLIENT_SECRET_FILE,
  })}\n`,
);
const exitCode = process.env[`EXIT_${name.toUpperCase()}`];
if (exitCode) process.exit(Number(exitCode));

const alive = setInterval(() => undefined, 1000);
process.on('SIGINT', () => clearInterval(alive));
process.send?.('ready');
