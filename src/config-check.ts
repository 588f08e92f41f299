import { envSchema } from 'env-schema';
import { distance } from 'fastest-levenshtein';
import { type Env, type EnvKey, EnvSchema, KEYS_TO_COME, SECRET_KEYS } from './config-schema.js';

export type RawEnv = Record<string, string | undefined>;

export function splitList(list: string): string[] {
  return list.split(',').map((name) => name.trim());
}

interface SchemaError {
  instancePath: string;
  keyword: string;
}

/** The environment by the schema, coerced and with defaults; null, and why, when it does not fit. */
export function validate(given: RawEnv, problems: string[]): Env | null {
  const odd = oddNumbers(given);
  for (const key of odd) problems.push(refusal(key, given));
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !odd.includes(key)));
  try {
    const schema = structuredClone(EnvSchema); // env-schema writes into what it is given
    const env = envSchema<Env>({ schema, data: rest, env: false });
    return odd.length === 0 ? env : null;
  } catch (error) {
    const errors = (error as { errors?: SchemaError[] }).errors;
    if (errors === undefined) throw error;
    for (const { instancePath } of errors) {
      const line = refusal(instancePath.slice(1), given);
      if (!problems.includes(line)) problems.push(line);
    }
    return null;
  }
}

/** Coercion would take Infinity, 1e3 and 0x10 for numbers. */
function oddNumbers(given: RawEnv): string[] {
  return Object.keys(EnvSchema.properties).filter((key) => {
    const { type } = EnvSchema.properties[key as EnvKey] as { type?: string };
    const value = given[key];
    if (value === undefined || (type !== 'integer' && type !== 'number')) return false;
    return !/^-?\d{1,15}(\.\d{1,9})?$/.test(value.trim());
  });
}

function refusal(key: string, given: RawEnv): string {
  return `${key}=${shown(key as EnvKey, given[key])} is not accepted: ${accepted(key as EnvKey)}`;
}

function shown(key: EnvKey, value: string | undefined): string {
  return SECRET_KEYS.includes(key) ? '[masked]' : JSON.stringify(value ?? '');
}

/** What a key takes, in words. */
export function accepted(key: EnvKey): string {
  const schema = EnvSchema.properties[key] as {
    type?: string;
    enum?: string[];
    minimum?: number;
    maximum?: number;
  };
  if (schema.enum) return `it takes one of ${schema.enum.join(', ')}`;
  if (schema.type === 'integer' || schema.type === 'number') {
    const noun = schema.type === 'integer' ? 'a whole number' : 'a number';
    return `it takes ${noun} from ${schema.minimum} to ${schema.maximum}`;
  }
  if (schema.type === 'boolean') return 'it takes true or false';
  return 'it takes a text that is not empty';
}

/** Unknown keys that look like one of ours: almost surely a slip, and silently ignored it would cost hours. */
export function misspeltKeys(given: RawEnv): string[] {
  const known = Object.keys(EnvSchema.properties);
  return Object.keys(given).flatMap((key) => {
    if (key.length < 5 || known.includes(key) || KEYS_TO_COME.includes(key)) return [];
    const [near, far] = nearest(key.toUpperCase(), known);
    if (far > (near.length < 8 ? 1 : 2)) return [];
    return [`${key} is not a key we know: did you mean ${near}?`];
  });
}

function nearest(word: string, candidates: string[]): [name: string, far: number] {
  const ranked = candidates
    .map((name): [string, number] => [name, distance(word, name)])
    .sort((a, b) => a[1] - b[1]);
  return ranked[0] ?? ['', Number.POSITIVE_INFINITY];
}

/** What no single key shows. `clientSecret` is null while there is none, however it was given. */
export function checkTogether(env: Env, clientSecret: string | null, problems: string[]): void {
  checkSubreddits(env.SUBREDDITS, problems);
  if (env.API_CORS_ORIGINS !== undefined) checkOrigins(env.API_CORS_ORIGINS, problems);
  for (const key of ['REDDIT_BASE_URL', 'MONITOR_HEALTH_URL'] as const) {
    const url = env[key];
    if (url === undefined) continue;
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed !== null && (parsed.username !== '' || parsed.password !== '')) {
      problems.push(`${key} is not accepted: it takes a URL without user name or password`);
    } else if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      problems.push(`${key}=${JSON.stringify(url)} is not accepted: it takes an http or https URL`);
    }
  }
  const { TEXT_RETENTION_HOURS: textHours = 0, DATA_RETENTION_DAYS: days } = env;
  if (textHours > 24 * days) {
    problems.push(
      `TEXT_RETENTION_HOURS=${textHours} is longer than DATA_RETENTION_DAYS=${days}: it takes at most ${24 * days}, for no text outlives its item`,
    );
  }
  if (env.MONITOR_METRICS_PORT === env.API_PORT && env.API_PORT !== 0) {
    // Whichever process came first would take the other's: the charts, for some figures.
    problems.push(
      `API_PORT and MONITOR_METRICS_PORT are both ${env.API_PORT}: give one of them another`,
    );
  }
  for (const key of ['REDDIT_CLIENT_SECRET', 'COSMOS_KEY', 'MONITOR_WEBHOOK_URL'] as const) {
    if (env[key] !== undefined && env[`${key}_FILE`] !== undefined) {
      problems.push(`${key} and ${key}_FILE are both set: keep one`);
    }
  }
  const credentials = {
    REDDIT_CLIENT_ID: env.REDDIT_CLIENT_ID,
    'REDDIT_CLIENT_SECRET or REDDIT_CLIENT_SECRET_FILE': clientSecret ?? undefined,
    REDDIT_USER_AGENT: env.REDDIT_USER_AGENT,
  };
  const missing = Object.entries(credentials).filter(([, value]) => value === undefined);
  const named = env.REDDIT_CLIENT_ID ?? env.REDDIT_CLIENT_SECRET ?? env.REDDIT_CLIENT_SECRET_FILE;
  if (named !== undefined && missing.length > 0 && problems.length === 0) {
    problems.push(
      `Reddit credentials are incomplete: ${missing.map(([key]) => key).join(', ')} missing`,
    );
  }
}

/** Both may carry a token, so what is wrong with them is said without them. */
export function checkOutbound(
  webhookUrl: string | null,
  heartbeatUrl: string | null,
  problems: string[],
): void {
  if (webhookUrl !== null && !safeForSecrets(webhookUrl)) {
    problems.push(
      'MONITOR_WEBHOOK_URL is not accepted: it takes an https URL, or an http URL of this machine (127.0.0.1, [::1], localhost)',
    );
  }
  if (heartbeatUrl !== null && !/^https?:$/.test(protocolOf(heartbeatUrl))) {
    problems.push('MONITOR_HEARTBEAT_URL is not accepted: it takes an http or https URL');
  }
}

/** Encrypted, or of this machine. */
export function safeForSecrets(url: string): boolean {
  const protocol = protocolOf(url);
  if (protocol === 'https:') return true;
  return protocol === 'http:' && /^(127(\.\d+){3}|\[::1\]|localhost)$/.test(new URL(url).hostname);
}

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '');

function checkSubreddits(list: string, problems: string[]): void {
  const seen = new Set<string>();
  for (const name of splitList(list)) {
    // Reddit's rule: 3 to 21 of letters, digits and underscore, two-letter ones from early days.
    if (!/^[A-Za-z0-9_]{2,21}$/.test(name)) {
      problems.push(
        `SUBREDDITS has ${JSON.stringify(name)}: a name takes 2 to 21 letters, digits or underscores, without r/`,
      );
    } else if (seen.has(name.toLowerCase())) {
      problems.push(`SUBREDDITS names ${name} twice: keep one`);
    }
    seen.add(name.toLowerCase());
  }
}

/** An origin that a browser would never send in just this spelling would silently allow nobody. */
function checkOrigins(list: string, problems: string[]): void {
  const given = splitList(list);
  if (given.includes('*') && given.length > 1) {
    problems.push('API_CORS_ORIGINS has * beside origins: it takes * alone, or the origins');
  }
  for (const origin of given) {
    const parsed = URL.canParse(origin) ? new URL(origin) : null;
    const web = parsed !== null && /^https?:$/.test(parsed.protocol);
    if (origin === '*' || (web && parsed.origin === origin)) continue;
    problems.push(
      `API_CORS_ORIGINS has ${JSON.stringify(origin)}: it takes origins as a browser sends them, ` +
        (web
          ? `here ${parsed.origin}`
          : 'such as https://dashboard.example, comma-separated, or *'),
    );
  }
}
