import type { Example } from './types.js';

export const EXAMPLES: Record<string, Record<string, Record<string, Example>>> = {};
