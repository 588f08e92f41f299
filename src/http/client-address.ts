import { isIP } from 'node:net';
import { Address6 } from 'ip-address';

/** A network that one customer of a provider has to himself. */
const IPV6_PREFIX = '64';

/** Of a socket's own address, which the kernel writes in one way: every request asks this. */
export function isLoopback(remoteAddress: string | undefined): boolean {
  if (remoteAddress === undefined) return false;
  return remoteAddress === '::1' || /^(::ffff:)?127\./.test(remoteAddress);
}

/**
 * Whom an address counts as: itself, or its /64 when it is IPv6. What is no address (a proxy may
 * forward any text) counts as one and the same client, so that no text is ever kept.
 */
export function clientKey(address: string | undefined): string {
  switch (isIP(address ?? '')) {
    case 4:
      return String(address);
    case 6: {
      const parsed = new Address6(String(address));
      if (parsed.isMapped4()) return parsed.to4().correctForm();
      return new Address6(`${parsed.correctForm()}/${IPV6_PREFIX}`).startAddress().correctForm();
    }
    default:
      return 'no address';
  }
}
