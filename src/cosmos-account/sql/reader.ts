import { badRequest } from '../refusals.js';
import { syntaxError, type Token, tokensOf } from './tokens.js';

/** A place in the tokens of a query, and the names that its paths begin with. */
export interface Reader {
  next(): Token;
  /** The token after the next. */
  peek(): Token;
  advance(): void;
  /** Takes the word if it comes next; case does not matter. */
  takeWord(word: string): boolean;
  takeSign(sign: string): boolean;
  expectWord(word: string): void;
  expectSign(sign: string): void;
  /** A name: of a property, an alias. */
  name(): string;
  /** Notes that a path began with this name. */
  root(name: string): void;
  /** Says what the item is called. @throws Refusal 400 when a path began with another name. */
  bind(alias: string): void;
  wrong(): Error;
}

/** Deeper nesting than this is refused before it can exhaust the stack. */
const MAX_TOKENS = 20_000;

export function createReader(text: string): Reader {
  const tokens = tokensOf(text);
  if (tokens.length > MAX_TOKENS) throw badRequest('The SQL query text is too long.');
  const end: Token = { kind: 'end', text: '', at: text.length };
  const roots = new Set<string>();
  let bound: string | undefined;
  let at = 0;
  const next = () => tokens[at] ?? end;
  const wrong = () => syntaxError(next().text, next().at);
  const take = (kind: Token['kind'], same: (text: string) => boolean) => {
    const found = next().kind === kind && same(next().text);
    if (found) at += 1;
    return found;
  };
  const takeWord = (word: string) => take('word', (found) => found.toUpperCase() === word);
  const takeSign = (sign: string) => take('sign', (found) => found === sign);
  const checkRoot = (name: string) => {
    if (bound !== undefined && name !== bound) {
      throw badRequest(`Identifier '${name}' could not be resolved.`);
    }
  };
  return {
    next,
    peek: () => tokens[at + 1] ?? end,
    advance() {
      at += 1;
    },
    takeWord,
    takeSign,
    expectWord(word) {
      if (!takeWord(word)) throw wrong();
    },
    expectSign(sign) {
      if (!takeSign(sign)) throw wrong();
    },
    name() {
      const { kind, text: name } = next();
      if (kind !== 'word') throw wrong();
      at += 1;
      return name;
    },
    root(name) {
      checkRoot(name);
      roots.add(name);
    },
    bind(alias) {
      bound = alias;
      for (const name of roots) checkRoot(name);
    },
    wrong,
  };
}
