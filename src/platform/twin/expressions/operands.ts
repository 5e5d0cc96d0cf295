import { validationError } from '../aws-errors.ts';
import { readPath } from './paths.ts';
import type { Path } from './paths.ts';
import { isReserved } from './reserved-words.ts';
import type { Token, TokenReader } from './tokens.ts';
import { typeOf } from './values.ts';
import type { Item } from './values.ts';

/** What an expression is evaluated against. */
export interface Scope {
  readonly item: Item | undefined;
  readonly names?: Readonly<Record<string, string>> | undefined;
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  readonly parameters?: readonly unknown[] | undefined;
}

/** Something with a value. Only an attribute has a path. */
export interface Operand {
  readonly path?: (scope: Scope) => Path;
  read(scope: Scope): unknown;
}

/** A parser's state: the tokens, the dialect, and the placeholders it has met. */
export interface Syntax {
  readonly reader: TokenReader;
  readonly dialect: 'expression' | 'partiql';
  readonly names: Set<string>;
  readonly values: Set<string>;
  /** How many `?` were read so far. */
  parameters: number;
}

/** A fresh parser state. */
export function createSyntax(reader: TokenReader, dialect: Syntax['dialect']): Syntax {
  return { reader, dialect, names: new Set(), values: new Set(), parameters: 0 };
}

/** A document path: `a.b[2].#c`, in PartiQL also `a."b"` and `a['b']`. */
export function parsePath(syntax: Syntax): Operand & { path: (scope: Scope) => Path } {
  const { reader } = syntax;
  const steps: (string | number)[] = [parseStep(syntax, reader.take())];
  for (;;) {
    if (reader.symbol('.')) {
      steps.push(parseStep(syntax, reader.take()));
    } else if (reader.symbol('[')) {
      const token = reader.take();
      if (token.kind === 'number') steps.push(Number(token.text));
      else if (token.kind === 'text' && syntax.dialect === 'partiql') steps.push(token.text);
      else reader.fail();
      reader.expectSymbol(']');
    } else {
      break;
    }
  }
  const aliased =
    syntax.dialect === 'expression' && steps.some((step) => typeof step === 'string' && step.startsWith('#'));
  const path = aliased ? (scope: Scope) => steps.map((step) => resolveName(step, scope)) : () => steps;
  const [only] = steps;
  if (!aliased && steps.length === 1 && typeof only === 'string') {
    return {
      path,
      read: (scope) => (scope.item !== undefined && Object.hasOwn(scope.item, only) ? scope.item[only] : undefined),
    };
  }
  return { path, read: (scope) => readPath(scope.item, path(scope)) };
}

function parseStep(syntax: Syntax, token: Token): string {
  const { reader } = syntax;
  if (token.kind === 'word') {
    if (syntax.dialect === 'expression' && isReserved(token.text)) {
      throw validationError(
        `Invalid ${reader.label}: Attribute name is a reserved keyword; reserved keyword: ${token.text}`,
      );
    }
    return token.text;
  }
  if (token.kind === 'name' && syntax.dialect === 'expression') {
    syntax.names.add(token.text);
    return token.text;
  }
  if (token.kind === 'quoted' && syntax.dialect === 'partiql') return token.text;
  return reader.fail();
}

function resolveName(step: string | number, scope: Scope): string | number {
  if (typeof step === 'number' || !step.startsWith('#')) return step;
  const name = scope.names?.[step];
  if (name === undefined) {
    throw validationError(
      `An expression attribute name used in the document path is not defined; attribute name: ${step}`,
    );
  }
  return name;
}

/** A placeholder for a value: `:v`, or in PartiQL `?` and literals. Undefined when the next token is none of these. */
export function parseConstant(syntax: Syntax): Operand | undefined {
  const { reader } = syntax;
  const token = reader.peek();
  if (syntax.dialect === 'partiql') return parsePartiqlConstant(syntax, token);
  if (token.kind !== 'value') return undefined;
  reader.take();
  const placeholder = token.text;
  syntax.values.add(placeholder);
  return {
    read(scope) {
      const value = scope.values?.[placeholder];
      if (value === undefined) {
        throw validationError(
          `Invalid ${reader.label}: An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
        );
      }
      return value;
    },
  };
}

function parsePartiqlConstant(syntax: Syntax, token: Token): Operand | undefined {
  const { reader } = syntax;
  if (token.kind === 'parameter') {
    reader.take();
    const index = syntax.parameters++;
    return {
      read(scope) {
        const value = scope.parameters?.[index];
        if (value === undefined) throw validationError("Number of parameters in request and statement don't match.");
        return value;
      },
    };
  }
  if (token.kind === 'text') return constant(reader.take().text);
  if (token.kind === 'number') return constant(Number(reader.take().text));
  if (token.kind === 'symbol') return parseConstructor(syntax);
  if (reader.keyword('TRUE')) return constant(true);
  if (reader.keyword('FALSE')) return constant(false);
  if (reader.keyword('NULL')) return constant(null);
  return undefined;
}

function constant(value: unknown): Operand {
  return { read: () => value };
}

function parseConstructor(syntax: Syntax): Operand | undefined {
  const { reader } = syntax;
  if (reader.symbol('-')) {
    const token = reader.take();
    return token.kind === 'number' ? constant(-Number(token.text)) : reader.fail();
  }
  if (reader.symbol('<<')) {
    const entries = parseList(syntax, '>>');
    return { read: (scope) => new Set(entries.map((entry) => entry.read(scope))) };
  }
  if (reader.symbol('[')) {
    const entries = parseList(syntax, ']');
    return { read: (scope) => entries.map((entry) => entry.read(scope)) };
  }
  return reader.peek().text === '{' ? parseTuple(syntax) : undefined;
}

/** `{'a': ?, 'b': 1}` */
export function parseTuple(syntax: Syntax): Operand {
  const { reader } = syntax;
  reader.expectSymbol('{');
  const entries: [string, Operand][] = [];
  while (!reader.symbol('}')) {
    const key = reader.take();
    if (key.kind !== 'text') reader.fail();
    reader.expectSymbol(':');
    entries.push([key.text, requireConstant(syntax)]);
    if (!reader.symbol(',') && reader.peek().text !== '}') reader.fail();
  }
  return { read: (scope) => Object.fromEntries(entries.map(([key, operand]) => [key, operand.read(scope)])) };
}

function parseList(syntax: Syntax, closing: string): Operand[] {
  const entries: Operand[] = [];
  while (!syntax.reader.symbol(closing)) {
    entries.push(requireConstant(syntax));
    if (!syntax.reader.symbol(',') && syntax.reader.peek().text !== closing) syntax.reader.fail();
  }
  return entries;
}

function requireConstant(syntax: Syntax): Operand {
  return parseConstant(syntax) ?? syntax.reader.fail();
}

/** An operand of a comparison: a constant, an attribute, or `size(path)`. */
export function parseOperand(syntax: Syntax): Operand {
  const { reader } = syntax;
  const literal = parseConstant(syntax);
  if (literal !== undefined) return literal;
  if (reader.isKeyword('SIZE') && reader.peek(1).text === '(') {
    reader.take();
    reader.take();
    const inner = parsePath(syntax);
    reader.expectSymbol(')');
    return { read: (scope) => sizeOf(inner.read(scope)) };
  }
  return parsePath(syntax);
}

function sizeOf(value: unknown): number | undefined {
  switch (typeOf(value)) {
    case 'S':
      return (value as string).length;
    case 'L':
      return (value as unknown[]).length;
    case 'B':
      return (value as Uint8Array).byteLength;
    case 'SS':
    case 'NS':
    case 'BS':
      return (value as Set<unknown>).size;
    case 'M':
      return Object.keys(value as object).length;
    default:
      return undefined;
  }
}
