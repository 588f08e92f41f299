import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';

/** Issues bearer tokens and knows which of them still count. */
export interface Tokens {
  issue(client: string): { token: string; expiresInSeconds: number };
  /** The client that a valid token was issued to; null otherwise. */
  clientOf(token: string): string | null;
  /** Ends a token before its time; false when it was not valid any more. */
  revoke(token: string): boolean;
}

/** @param ttlMs life of a token; Reddit's is a day. */
export function createTokens(clock: Clock, ttlMs: number): Tokens {
  const issued = new Map<string, { client: string; expiresMs: number }>();
  const clientOf = (token: string) => {
    const known = issued.get(token);
    return known !== undefined && known.expiresMs > clock.now() ? known.client : null;
  };
  return {
    issue: (client) => {
      for (const [token, { expiresMs }] of issued) {
        if (expiresMs <= clock.now()) issued.delete(token);
      }
      const token = randomBytes(24).toString('base64url');
      issued.set(token, { client, expiresMs: clock.now() + ttlMs });
      return { token, expiresInSeconds: Math.ceil(ttlMs / 1000) };
    },
    clientOf,
    revoke: (token) => clientOf(token) !== null && issued.delete(token),
  };
}

/** The id in `Authorization: Basic …`; null unless id and secret are both given. */
export function basicClient(authorization: string | undefined): string | null {
  const encoded = /^basic\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const [, id, secret] = /^([^:]*):(.*)$/s.exec(decoded) ?? [];
  return id && secret ? id : null;
}

export function bearerToken(authorization: string | undefined): string | null {
  return /^bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1] ?? null;
}
