import type { OpenApiDocument } from '../../src/openapi/types.js';
import { type AnswerCheck, answerCheck } from './answer-check.js';

interface Watched {
  check: AnswerCheck;
  wrong: string[];
  pending: Promise<void>[];
}

/** Checks of the APIs that are watched, by origin. */
const watched = new Map<string, Watched>();
let real: typeof fetch | null = null;

/**
 * Holds every answer that `fetch` brings from this origin, in this process, against the OpenAPI
 * document that the real process behind it serves. The test fails at its end.
 */
export async function watchFetch(
  t: { teardown(release: () => unknown): void },
  url: string,
): Promise<void> {
  real ??= install();
  const { origin } = new URL(url);
  const document = (await (await real(`${origin}/openapi.json`)).json()) as OpenApiDocument;
  const mine: Watched = { check: answerCheck(document), wrong: [], pending: [] };
  watched.set(origin, mine);
  t.teardown(async () => {
    watched.delete(origin);
    await Promise.all(mine.pending);
    if (mine.wrong.length > 0) throw new Error(`not as documented: ${mine.wrong.join('; ')}`);
  });
}

function install(): typeof fetch {
  const before = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const request = input instanceof Request ? input : null;
    const asked = new URL(request?.url ?? input);
    const answer = await before(input, init);
    const seen = watched.get(asked.origin);
    if (seen === undefined) return answer;
    const copy = answer.clone();
    const method = init?.method ?? request?.method ?? 'GET';
    const holding = async (): Promise<void> => {
      // An answer that breaks off is the business of whoever asked.
      const bytes = await copy.arrayBuffer().catch(() => null);
      if (bytes === null) return;
      const headers = Object.fromEntries(copy.headers);
      delete headers['content-encoding']; // fetch has unpacked it
      const url = asked.pathname + asked.search;
      const body = Buffer.from(bytes);
      seen.wrong.push(...seen.check({ method, url, status: copy.status, headers, body }));
    };
    seen.pending.push(holding());
    return answer;
  };
  return before;
}
