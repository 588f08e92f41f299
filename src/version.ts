import { readFileSync } from 'node:fs';

/** Of this release. Reads package.json, which stands beside the compiled code. */
export function readVersion(): string {
  const url = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;
}
