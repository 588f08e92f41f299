import { readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { lifeOf } from './life.js';
import type { DaemonSample } from './observation.js';
import { commandLine, readTable, realPath, socketInodes } from './proc.js';

/** PM2's title of its daemon; a title longer than the arguments it replaces is cut. */
const TITLE = /God Daemon \(([^)]*)(\)?)/;

/**
 * PM2's daemon by its pid file: null without one, `gone` when it is dead or a stranger has got
 * its pid. Nobody is signalled or connected to.
 */
export async function lookAtDaemon(home: string): Promise<Omit<DaemonSample, 'memoryMb'> | null> {
  const text = await readFile(join(home, 'pm2.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  if (!(pid > 0)) return null;
  const life = lifeOf(pid);
  return { pid, life: life === 'gone' || (await isDaemon(pid, home)) ? life : 'gone' };
}

/** Also true where it cannot be told. */
async function isDaemon(pid: number, home: string): Promise<boolean> {
  const command = (await commandLine(pid))?.join(' ');
  if (command === undefined) return true;
  const title = TITLE.exec(command);
  if (title !== null) {
    const [, named = '', end = ''] = title;
    const homes = [home, realPath(home)];
    if (homes.some((one) => (end ? one === resolve(named) : one.startsWith(named)))) return true;
  }
  // pm2-runtime, a title of somebody's own (PM2_DAEMON_TITLE), or a folder with two names.
  const held = socketInodes(pid);
  return held === null || listeners(join(home, 'rpc.sock')).some((inode) => held.has(inode));
}

/** Inodes of the sockets that listen on a path of the file system. */
function listeners(path: string): string[] {
  const folder = realPath(dirname(path));
  return readTable('/proc/net/unix').flatMap((line) => {
    const [, , , , , , inode, at] = line.split(/\s+/);
    const same = at !== undefined && basename(at) === basename(path);
    return inode !== undefined && same && realPath(dirname(at)) === folder ? [inode] : [];
  });
}
