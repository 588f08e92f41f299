import type { Socket } from 'node:net';
import { finished } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Answers that clients have asked for and not taken yet. */
export interface Unsent {
  readonly bytes: number;
  /** Counts them until they are sent, or cannot be any more. */
  hold(reply: FastifyReply, bytes: number): void;
}

export function createUnsent(): Unsent {
  let unsent = 0;
  const bySocket = new WeakMap<Socket, Set<() => void>>();

  /** One listener for all answers of a socket: a client may ask for many at once. */
  const releasesOf = (socket: Socket): Set<() => void> => {
    const known = bySocket.get(socket);
    if (known !== undefined) return known;
    const releases = new Set<() => void>();
    bySocket.set(socket, releases);
    socket.once('close', () => {
      for (const release of releases) release();
    });
    return releases;
  };

  return {
    get bytes() {
      return unsent;
    },
    hold({ raw, request }, bytes) {
      const { socket } = request.raw;
      const releases = releasesOf(socket);
      unsent += bytes;
      const release = () => {
        if (releases.delete(release)) unsent -= bytes;
      };
      releases.add(release);
      // Also called for a client that has gone already, unlike a listener for `close`; but for none of
      // the answers that wait behind another on their connection, when that ends.
      finished(raw, release);
      if (socket.destroyed) release();
    },
  };
}
