import { safeForSecrets } from './config-check.js';
import type { Env } from './config-schema.js';

/** Null while another store is chosen. Its key is among the secrets. */
export interface CosmosConfig {
  endpoint: string;
  database: string;
  /** Null: Node's own authorities only. */
  caFile: string | null;
  maxConnections: number;
}

/** Azure's keys have 64 bytes; a shorter one is no key but a part of one. */
const LEAST_KEY_BYTES = 32;

/**
 * Whether what is given can be an account, as far as its form shows. A connection string in the
 * place of the endpoint holds the key, so no value is shown.
 */
export function checkCosmos(env: Env, key: string | null, problems: string[]): void {
  const { COSMOS_ENDPOINT: endpoint, COSMOS_DATABASE: database } = env;
  const missing = [
    ...(endpoint === undefined ? ['COSMOS_ENDPOINT'] : []),
    ...(key === null && env.COSMOS_KEY_FILE === undefined ? ['COSMOS_KEY or COSMOS_KEY_FILE'] : []),
  ];
  if (missing.length > 0) problems.push(`STORE=cosmos needs ${missing.join(' and ')}`);
  if (endpoint !== undefined && !isAccount(endpoint)) {
    problems.push(
      'COSMOS_ENDPOINT is not accepted: it takes the https URL of an account, such as https://NAME.documents.azure.com:443/, or an http URL of this machine',
    );
  }
  if (key !== null && !isKey(key)) {
    problems.push(
      'COSMOS_KEY is not accepted: it takes a key as the account shows it, 88 letters and digits that end with ==',
    );
  }
  // https://learn.microsoft.com/azure/cosmos-db/concepts-limits#per-account-limits
  if (/[/\\#?]|\s$/.test(database) || database.length > 255) {
    problems.push(
      `COSMOS_DATABASE=${JSON.stringify(database)} is not accepted: it takes at most 255 characters, none of / \\ # ? and no space at the end`,
    );
  }
}

export function cosmosConfig(env: Env): CosmosConfig | null {
  if (env.STORE !== 'cosmos' || env.COSMOS_ENDPOINT === undefined) return null;
  return {
    endpoint: new URL(env.COSMOS_ENDPOINT).origin,
    database: env.COSMOS_DATABASE,
    caFile: env.COSMOS_CA_FILE ?? null,
    maxConnections: env.STORE_MAX_CONNECTIONS,
  };
}

/** What the start log should say of an account that is named and not used. */
export function cosmosWarnings(env: Env): string[] {
  if (env.STORE === 'cosmos' || env.COSMOS_ENDPOINT === undefined) return [];
  return ['COSMOS_ENDPOINT has no effect without STORE=cosmos'];
}

function isAccount(endpoint: string): boolean {
  if (!URL.canParse(endpoint) || !safeForSecrets(endpoint)) return false;
  const { username, password, pathname, search, hash } = new URL(endpoint);
  return username === '' && password === '' && pathname === '/' && search === '' && hash === '';
}

function isKey(key: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(key) || key.length % 4 !== 0) return false;
  return Buffer.from(key, 'base64').length >= LEAST_KEY_BYTES;
}
