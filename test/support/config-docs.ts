import { type EnvKey, EnvSchema } from '../../src/config-schema.js';
import { accepted } from '../../src/config-check.js';

interface KeySchema {
  description: string;
  default?: string | number | boolean;
}

const entries = Object.entries(EnvSchema.properties) as unknown as [EnvKey, KeySchema][];

/** `.env.example` as it has to be: every key, commented out, with its default. */
export function envExample(): string {
  const head = [
    '# Every key, with its default. Copy to .env and remove the # of what you change.',
    '# The environment wins over .env. Secrets are better given as files (…_FILE).',
  ];
  const keys = entries.flatMap(([key, schema]) => [
    '',
    `# ${schema.description} (${accepted(key).replace('it takes ', '')})`,
    `#${key}=${schema.default === undefined ? '' : String(schema.default)}`,
  ]);
  return `${[...head, ...keys].join('\n')}\n`;
}

/** The README's configuration table as it has to be. */
export function configTable(): string {
  const rows = entries.map(
    ([key, schema]) =>
      `| \`${key}\` | ${schema.default === undefined ? '–' : shown(key, schema.default)} | ${schema.description} |`,
  );
  return ['| key | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function shown(key: EnvKey, value: string | number | boolean): string {
  return key === 'SUBREDDITS' ? 'the fourteen' : `\`${String(value)}\``;
}
