import { validationError } from '../aws-errors.ts';

/** What a token is: `word` also covers keywords, which the parsers tell apart without regard to case. */
export type TokenKind = 'word' | 'name' | 'value' | 'quoted' | 'text' | 'number' | 'parameter' | 'symbol' | 'end';

/** One token of an expression or statement. `text` is without quotes. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const pattern =
  /\s*(?:(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_]*)|(\d+(?:\.\d+)?)|(\?)|(<>|<=|>=|<<|>>|!=|[-+*=<>(),.[\]{}:]))/y;

const kinds: readonly TokenKind[] = ['name', 'value', 'quoted', 'text', 'word', 'number', 'parameter', 'symbol'];

function tokenize(source: string, label: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  const end = source.trimEnd().length;
  while (pattern.lastIndex < end) {
    const start = pattern.lastIndex;
    const match = pattern.exec(source);
    if (match === null) throw syntaxError(label, source.slice(start).trim().slice(0, 20));
    const index = match.slice(1).findIndex((group) => (group as string | undefined) !== undefined);
    const kind = kinds[index] ?? 'symbol';
    const text = match[index + 1] ?? '';
    const quote = kind === 'quoted' ? '"' : "'";
    tokens.push({ kind, text: kind === 'quoted' || kind === 'text' ? text.replaceAll(quote + quote, quote) : text });
  }
  return tokens;
}

function syntaxError(label: string, near: string): Error {
  return validationError(`Invalid ${label}: Syntax error; token: "${near}"`);
}

/** A position in a list of tokens, with the few moves a recursive-descent parser needs. */
export interface TokenReader {
  peek(ahead?: number): Token;
  take(): Token;
  /** Takes the next token if it is this symbol. */
  symbol(text: string): boolean;
  /** Takes the next token if it is this keyword. */
  keyword(text: string): boolean;
  isKeyword(text: string, ahead?: number): boolean;
  expectSymbol(text: string): void;
  expectKeyword(text: string): void;
  /** Throws unless everything was read. */
  finish(): void;
  fail(): never;
  readonly label: string;
}

const end: Token = { kind: 'end', text: '<EOF>' };

/** Reads a source. `label` names it in messages, e.g. `ConditionExpression`. */
export function createTokenReader(source: string, label: string): TokenReader {
  const tokens = tokenize(source, label);
  let position = 0;
  const reader: TokenReader = {
    label,
    peek: (ahead = 0) => tokens[position + ahead] ?? end,
    take() {
      const token = reader.peek();
      position++;
      return token;
    },
    symbol(text) {
      const token = reader.peek();
      if (token.kind !== 'symbol' || token.text !== text) return false;
      position++;
      return true;
    },
    isKeyword(text, ahead = 0) {
      const token = reader.peek(ahead);
      return token.kind === 'word' && token.text.toUpperCase() === text;
    },
    keyword(text) {
      if (!reader.isKeyword(text)) return false;
      position++;
      return true;
    },
    expectSymbol(text) {
      if (!reader.symbol(text)) reader.fail();
    },
    expectKeyword(text) {
      if (!reader.keyword(text)) reader.fail();
    },
    finish() {
      if (reader.peek().kind !== 'end') reader.fail();
    },
    fail() {
      throw syntaxError(label, reader.peek().text);
    },
  };
  return reader;
}
