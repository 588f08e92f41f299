import type { FastifyInstance } from 'fastify';

/** A plain client of the simulator for tests: asks through `inject`, so nothing listens. */
export interface TestClient {
  token(): Promise<string>;
  get(path: string, query?: Record<string, string>): Promise<TestAnswer>;
  /** Pages a listing from its top to its end. */
  pageAll(path: string, limit?: number): Promise<TestObject[]>;
}

export interface TestAnswer {
  status: number;
  headers: Record<string, unknown>;
  body: unknown;
}

export interface TestObject {
  id: string;
  name: string;
  [key: string]: unknown;
}

export interface TestListing {
  kind: string;
  data: {
    after: string | null;
    children: { kind: string; data: TestObject }[];
    [key: string]: unknown;
  };
}

export const BASIC = `Basic ${Buffer.from('id:secret').toString('base64')}`;
const MAX_PAGES = 300;

export function testClient(app: FastifyInstance): TestClient {
  let token: string | null = null;
  const client: TestClient = {
    token: async () => {
      const answer = await app.inject({
        method: 'POST',
        url: '/api/v1/access_token',
        headers: { authorization: BASIC, 'content-type': 'application/x-www-form-urlencoded' },
        payload: 'grant_type=client_credentials',
      });
      return answer.json<{ access_token: string }>().access_token;
    },
    get: async (path, query = {}) => {
      token ??= await client.token();
      const answer = await app.inject({
        method: 'GET',
        url: path,
        query: { raw_json: '1', ...query },
        headers: { authorization: `bearer ${token}` },
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
    },
    pageAll: async (path, limit = 100) => {
      const found: TestObject[] = [];
      let after: string | null = '';
      for (let page = 0; after !== null; page += 1) {
        if (page === MAX_PAGES) throw new Error(`${path} does not end`);
        const query: Record<string, string> = { limit: String(limit), ...(after && { after }) };
        const listing = listingOf(await client.get(path, query));
        found.push(...listing.data.children.map((child) => child.data));
        after = listing.data.after;
      }
      return found;
    },
  };
  return client;
}

export function listingOf(answer: TestAnswer): TestListing {
  return answer.body as TestListing;
}
