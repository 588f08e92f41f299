import type { ExecutionContext } from 'ava';
import { type RawRequest, rawRequest } from './raw-http.js';
import { BASIC } from './reddit-client.js';
import { simulation } from './reddit.js';

const TOKEN: RawRequest = {
  method: 'POST',
  headers: { authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
  body: 'grant_type=client_credentials',
};

/** A simulator and clients of it that only read bytes, with a token. */
export async function started(
  t: Pick<ExecutionContext, 'teardown'>,
  options: Parameters<typeof simulation>[1] = {},
) {
  const simulated = await simulation(t, options);
  const post = () => rawRequest(t, `${simulated.url}/api/v1/access_token`, TOKEN);
  const granted = post();
  await granted.over;
  const { access_token } = JSON.parse(granted.body().toString()) as { access_token: string };
  const headers = { authorization: `bearer ${access_token}` };
  const get = (path = '/r/aws/new?raw_json=1') =>
    rawRequest(t, `${simulated.url}${path}`, { headers });
  /** A complete exchange. */
  const got = async (path?: string) => {
    const exchange = get(path);
    await exchange.over;
    return exchange;
  };
  return { ...simulated, get, got, post };
}

/** Asks a control route, whose answers are JSON. */
export async function control(url: string, method: string, path: string, body?: string) {
  const answer = await fetch(`${url}/simulator/${path}`, { method, ...(body && { body }) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** A state inside the simulator that no event tells of. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 4000; turn += 1) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`in vain: ${String(holds)}`);
}
