import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** All rows of an NDJSON file, gz or not. */
export function readRows<T>(path: string): T[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}
