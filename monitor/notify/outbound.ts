import { type RequestOptions, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Outgoing {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

export interface Answered {
  status: number;
  retryAfter: string | null;
}

/**
 * One request on a connection of its own. Redirects are not followed (where one leads is
 * not what the operator configured), and of the answer only its head is read: a body that
 * never ends is not waited for.
 *
 * @throws Error whose message is a code such as ECONNREFUSED: the URL, which is a secret,
 *   stands in none of ours
 */
export function ask({ method, url, headers = {}, body, signal }: Outgoing): Promise<Answered> {
  const open = url.startsWith('https:') ? httpsRequest : httpRequest;
  const options: RequestOptions = { method, agent: false, signal, headers: { ...headers } };
  if (body !== undefined) {
    options.headers = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  }
  return new Promise((resolve, reject) => {
    const request = open(url, options, (response) => {
      response.on('error', () => undefined); // we have what we want of it
      const retryAfter = response.headers['retry-after'] ?? null;
      resolve({ status: response.statusCode ?? 0, retryAfter });
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(error.code ?? 'failed'));
    });
    request.end(body);
  });
}

/** Where a secret URL leads, as far as it may be told. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an unusable URL';
}
