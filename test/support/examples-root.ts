import { writeFileSync } from 'node:fs';
import { realExamples } from './examples.js';

/** Rewrites the documented examples from real answers: `npm run examples`. */
const releases: (() => unknown)[] = [];
try {
  const examples = await realExamples({ teardown: (release) => void releases.push(release) });
  writeFileSync(
    'src/openapi/examples.ts',
    `import type { Example } from './types.js';

/**
 * Real answers by operationId, status and name, to the request in the summary. Written by
 * \`npm run examples\` and compared with the live API by test/api/openapi.test.ts: do not edit.
 */
export const EXAMPLES: Record<string, Record<string, Record<string, Example>>> = ${JSON.stringify(examples)};
`,
  );
} finally {
  for (const release of releases.reverse()) await release();
}
