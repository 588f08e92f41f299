/** What the dashboard's first page asks, with the figure that its answer is known by. */
export interface Question {
  name: string;
  path: string;
  figure: (body: unknown) => number;
}

/** An answer as a client sees it; status 0: none came within the deadline. */
export interface Seen {
  status: number;
  /** Null where the body is not what was asked for. */
  figure: number | null;
  etag: string | null;
  ageSeconds: number | null;
  stale: boolean;
  retryAfter: string | null;
  /** Of a problem document. */
  detail: string | null;
}

const ANSWER_WITHIN_MS = 5000;
const V1 = '/api/v1';

const length = (body: unknown) => (body as unknown[]).length;

export const CHARTS: readonly Question[] = [
  {
    name: 'stats',
    path: `${V1}/sentiment/stats?hours=24`,
    figure: (body) => (body as { statistics: { total: number } }).statistics.total,
  },
  {
    name: 'trends',
    path: `${V1}/sentiment/trends?hours=24`,
    figure: (body) =>
      (body as { trend_data: { total: number }[] }).trend_data.reduce(
        (sum, { total }) => sum + total,
        0,
      ),
  },
  { name: 'trending', path: `${V1}/trending?hours=24`, figure: length },
  {
    name: 'subreddits',
    path: `${V1}/subreddits`,
    figure: (body) => (body as { count: number }).count,
  },
  { name: 'posts', path: `${V1}/posts/recent`, figure: length },
];

/** Another one for each `n`, and none that anybody asks for without being told to. */
export function neverAsked(n: number): Question {
  const stats = CHARTS[0] as Question;
  return { ...stats, name: 'never asked', path: `${V1}/sentiment/stats?hours=${101 + n}` };
}

export async function ask(baseUrl: string, { path, figure }: Question): Promise<Seen> {
  try {
    const answer = await fetch(baseUrl + path, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    const body: unknown = await answer.json();
    const age = answer.headers.get('age');
    return {
      status: answer.status,
      figure: answer.ok ? figureOf(body, figure) : null,
      etag: answer.headers.get('etag'),
      ageSeconds: age === null ? null : Number(age),
      stale: answer.headers.get('x-data-stale') === 'true',
      retryAfter: answer.headers.get('retry-after'),
      detail: answer.ok ? null : ((body as { detail?: string }).detail ?? null),
    };
  } catch {
    return NO_ANSWER;
  }
}

const NO_ANSWER: Seen = {
  status: 0,
  figure: null,
  etag: null,
  ageSeconds: null,
  stale: false,
  retryAfter: null,
  detail: null,
};

function figureOf(body: unknown, figure: Question['figure']): number | null {
  try {
    return figure(body);
  } catch {
    return null;
  }
}

export interface HealthSeen {
  status: number;
  health: string;
  causes: { code: string; message: string }[];
}

export async function askHealth(baseUrl: string): Promise<HealthSeen> {
  try {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const answer = await fetch(`${baseUrl}/health`, { signal });
    const body = (await answer.json()) as { status: string; causes?: HealthSeen['causes'] };
    return { status: answer.status, health: body.status, causes: body.causes ?? [] };
  } catch {
    return { status: 0, health: 'no answer', causes: [] };
  }
}
