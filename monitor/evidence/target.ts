import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** SIGUSR1 is signal 10 on Linux, and the masks of /proc begin with signal 1. */
const SIGUSR1_BIT = 1n << 9n;
/** A process of ours has some dozens. */
const MAX_DESCRIPTORS = 4096;

/** Why SIGUSR1 must not be sent to a process: it would end it, or find nobody awake; else null. */
export async function refusal(pid: number): Promise<string | null> {
  const exe = await readlink(`/proc/${pid}/exe`).catch(() => null);
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  if (exe === null || status === null) return 'it is gone, or another user runs it';
  const state = /^State:\s+(\w)/m.exec(status)?.[1] ?? '?';
  if (!'RSDI'.includes(state)) return `it is stopped or ending (state ${state})`;
  if (!/^node(js)?( \(deleted\))?$/.test(basename(exe)) && exe !== process.execPath) {
    return 'it is not a process of Node.js';
  }
  const caught = /^SigCgt:\s+([0-9a-f]+)/m.exec(status)?.[1] ?? '0';
  // Who does not catch it is ended by it: Node before it is up, or with --disable-sigusr1.
  return (BigInt(`0x${caught}`) & SIGUSR1_BIT) === 0n ? 'it does not take SIGUSR1' : null;
}

/** The TCP ports that a process listens on and that 127.0.0.1 reaches; none when it is gone. */
export async function listeningPorts(pid: number): Promise<number[]> {
  const inodes = new Set(await socketsOf(pid));
  const table = await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => '');
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address, port = ''] = local.split(':');
    const reachable = address === '0100007F' || address === '00000000';
    return state === '0A' && reachable && inodes.has(inode) ? [Number.parseInt(port, 16)] : [];
  });
}

async function socketsOf(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const descriptors = (await readdir(folder).catch(() => [])).slice(0, MAX_DESCRIPTORS);
  const links = await Promise.all(
    descriptors.map((one) => readlink(`${folder}/${one}`).catch(() => '')),
  );
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}
