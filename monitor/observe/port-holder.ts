import { networkInterfaces } from 'node:os';
import type { PortHolder } from './observation.js';
import { allPids, commandLine, readStat, readTable, socketInodes } from './proc.js';
import { oneLine } from '../text.js';

const LISTENING = '0A';
const MAX_COMMAND = 120;

export interface PortHolders {
  /**
   * Who listens where `url` leads. Null when it leads to another machine or cannot be told.
   *
   * @param daemonPid of PM2, which holds the sockets of its workers too: it is named last
   */
  find(url: string, daemonPid: number | null): Promise<PortHolder | null>;
}

/** Remembers the last one, for looking through every process costs some milliseconds. */
export function createPortHolders(): PortHolders {
  let last: { inodes: string; startTicks: number; holder: PortHolder } | null = null;
  return {
    async find(url, daemonPid) {
      const sockets = listeners(url);
      const inodes = sockets.join();
      if (inodes === '') return null;
      if (last?.inodes === inodes && readStat(last.holder.pid)?.startTicks === last.startTicks) {
        return last.holder;
      }
      const pid = holderOf(sockets, daemonPid);
      const stat = pid === null ? null : readStat(pid);
      if (stat === null) return null;
      const holder = { pid: stat.pid, command: await commandOf(stat.pid) };
      last = { inodes, startTicks: stat.startTicks, holder };
      return holder;
    },
  };
}

function holderOf(sockets: string[], daemonPid: number | null): number | null {
  const holders = allPids().filter((pid) => {
    const held = socketInodes(pid);
    return held !== null && sockets.some((inode) => held.has(inode));
  });
  return holders.find((pid) => pid !== daemonPid) ?? holders[0] ?? null;
}

/** The program and what it runs; what follows may hold secrets. */
async function commandOf(pid: number): Promise<string> {
  const line = (await commandLine(pid)) ?? [];
  const words = line.length === 1 ? (line[0] ?? '').split(/\s+/) : line;
  const shown = words.slice(0, 2).map((word) => word.replace(/=.*/s, '=…'));
  return oneLine(shown.join(' '), MAX_COMMAND);
}

/** Inodes of the sockets that listen for that URL on this machine. */
function listeners(url: string): string[] {
  const { hostname, port, protocol } = new URL(url);
  const addresses = ownAddresses(hostname);
  if (addresses.length === 0) return [];
  const number = Number(port || (protocol === 'https:' ? 443 : 80));
  const suffix = `:${number.toString(16).toUpperCase().padStart(4, '0')}`;
  const wanted = new Set(addresses.map((address) => address + suffix));
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readTable).flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTENING && wanted.has(local) && inode ? [inode] : [];
  });
}

const ANY = ['00000000', '0'.repeat(32)];
const LOOPBACK_6 = `${'0'.repeat(24)}01000000`;

/** As /proc/net shows the addresses that a socket for this host may have; none for another machine. */
function ownAddresses(hostname: string): string[] {
  if (hostname === 'localhost') return [...ANY, ...mapped('127.0.0.1'), LOOPBACK_6];
  if (hostname === '[::1]') return [ANY[1] ?? '', LOOPBACK_6];
  const own = Object.values(networkInterfaces()).flat();
  const isOwn = hostname.startsWith('127.') || own.some((one) => one?.address === hostname);
  return isOwn && /^[\d.]+$/.test(hostname) ? [...ANY, ...mapped(hostname)] : [];
}

/** IPv4 in host order, and the same within IPv6. */
function mapped(address: string): string[] {
  const hex = address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'))
    .join('');
  return [hex, `${'0'.repeat(16)}FFFF0000${hex}`];
}
