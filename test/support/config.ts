import { type Config, loadSettings } from '../../src/config.js';

/** A complete configuration for tests; `env` overrides single keys, as an operator would. */
export function testConfig(env: Record<string, string> = {}): Config {
  return loadSettings({ NODE_ENV: 'test', DB_RETRY_MAX_ATTEMPTS: '0', ...env }).config;
}
