import { badRequest } from '../refusals.js';

export interface Token {
  kind: 'word' | 'parameter' | 'number' | 'string' | 'sign' | 'end';
  /** Of a string its value, of anything else its text. */
  text: string;
  /** Position of its first character. */
  at: number;
}

const PATTERN =
  /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(@[A-Za-z0-9_]+)|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(<=|>=|!=|<>|[-=<>()[\]{},.:*?]))/y;

/** @throws Refusal 400 at the first character that starts no token. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const from = PATTERN.lastIndex;
    const match = PATTERN.exec(text);
    if (match === null) {
      if (text.slice(from).trim() === '') break;
      throw syntaxError(text.slice(from).trimStart().slice(0, 20), from);
    }
    const [, word, parameter, number, string, sign] = match;
    const at = from + match[0].length - match[0].trimStart().length;
    if (word !== undefined) tokens.push({ kind: 'word', text: word, at });
    else if (parameter !== undefined) tokens.push({ kind: 'parameter', text: parameter, at });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at });
    else if (string !== undefined) tokens.push({ kind: 'string', text: unquoted(string, at), at });
    else tokens.push({ kind: 'sign', text: sign ?? '', at });
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

/** Escapes are those of JSON, in either kind of quotes. */
function unquoted(quoted: string, at: number): string {
  const inner = quoted.slice(1, -1);
  const json = quoted.startsWith("'")
    ? inner.replaceAll("\\'", "'").replaceAll(/(?<!\\)"/g, '\\"')
    : inner;
  try {
    return JSON.parse(`"${json}"`) as string;
  } catch {
    throw syntaxError(quoted, at);
  }
}

/** As the service words it, with its code for syntax errors. */
export function syntaxError(near: string, at: number) {
  const error = {
    severity: 'Error',
    location: { start: at, end: at + near.length },
    code: 'SC1001',
    message: `Syntax error, incorrect syntax near '${near}'.`,
  };
  return badRequest(JSON.stringify({ errors: [error] }));
}
