import { validationError } from '../aws-errors.ts';
import { parseOperand, parsePath } from './operands.ts';
import type { Operand, Scope, Syntax } from './operands.ts';
import { compareValues, equalValues, typeOf } from './values.ts';

/** A comparison whose parts a key lookup needs to see. */
export interface Comparison {
  readonly operator: '=' | '<>' | '<' | '<=' | '>' | '>=' | 'between' | 'begins_with';
  readonly left: Operand;
  readonly right: readonly Operand[];
}

/** A parsed condition. `all` has the parts of a conjunction, `comparison` those of a simple term. */
export interface Condition {
  test(scope: Scope): boolean;
  readonly all?: readonly Condition[];
  readonly comparison?: Comparison;
}

/** Parses `a OR b`, the top of the grammar. */
export function parseCondition(syntax: Syntax): Condition {
  const first = parseConjunction(syntax);
  if (!syntax.reader.isKeyword('OR')) return first;
  const any = [first];
  while (syntax.reader.keyword('OR')) any.push(parseConjunction(syntax));
  return { test: (scope) => any.some((condition) => condition.test(scope)) };
}

function parseConjunction(syntax: Syntax): Condition {
  const first = parseNegation(syntax);
  if (!syntax.reader.isKeyword('AND')) return first;
  const all = [first];
  while (syntax.reader.keyword('AND')) all.push(parseNegation(syntax));
  return {
    all,
    test(scope) {
      for (const condition of all) if (!condition.test(scope)) return false;
      return true;
    },
  };
}

function parseNegation(syntax: Syntax): Condition {
  if (!syntax.reader.keyword('NOT')) return parseTerm(syntax);
  const inner = parseNegation(syntax);
  return { test: (scope) => !inner.test(scope) };
}

function parseTerm(syntax: Syntax): Condition {
  const { reader } = syntax;
  if (reader.symbol('(')) {
    const inner = parseCondition(syntax);
    reader.expectSymbol(')');
    return inner;
  }
  const called = parseFunction(syntax);
  if (called !== undefined) return called;
  const left = parseOperand(syntax);
  if (reader.keyword('BETWEEN')) return parseBetween(syntax, left);
  if (reader.keyword('IN')) return parseIn(syntax, left);
  if (syntax.dialect === 'partiql' && reader.keyword('IS')) return parseIs(syntax, left);
  const token = reader.take();
  const operator = token.text === '!=' && syntax.dialect === 'partiql' ? '<>' : token.text;
  if (!isOperator(operator)) return reader.fail();
  const right = parseOperand(syntax);
  const comparison: Comparison = { operator, left, right: [right] };
  return { comparison, test: comparators[operator](left, right) };
}

type Operator = '=' | '<>' | '<' | '<=' | '>' | '>=';
type Comparator = (left: Operand, right: Operand) => (scope: Scope) => boolean;

function isOperator(text: string): text is Operator {
  return Object.hasOwn(comparators, text);
}

function ordered(accepts: (order: number) => boolean): Comparator {
  return (left, right) => (scope) => {
    const order = compareValues(left.read(scope), right.read(scope));
    return order !== undefined && accepts(order);
  };
}

/** A missing attribute equals nothing and is ordered against nothing; it differs from everything. */
const comparators: Record<Operator, Comparator> = {
  '=': (left, right) => (scope) => {
    const value = left.read(scope);
    return value !== undefined && equalValues(value, right.read(scope));
  },
  '<>': (left, right) => (scope) => !equalValues(left.read(scope), right.read(scope)),
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
};

function parseBetween(syntax: Syntax, left: Operand): Condition {
  const low = parseOperand(syntax);
  syntax.reader.expectKeyword('AND');
  const high = parseOperand(syntax);
  return {
    comparison: { operator: 'between', left, right: [low, high] },
    test(scope) {
      const value = left.read(scope);
      const fromLow = compareValues(value, low.read(scope));
      const fromHigh = compareValues(value, high.read(scope));
      return fromLow !== undefined && fromHigh !== undefined && fromLow >= 0 && fromHigh <= 0;
    },
  };
}

function parseIn(syntax: Syntax, left: Operand): Condition {
  const { reader } = syntax;
  const closing = syntax.dialect === 'partiql' && reader.symbol('[') ? ']' : ')';
  if (closing === ')') reader.expectSymbol('(');
  const options = [parseOperand(syntax)];
  while (reader.symbol(',')) options.push(parseOperand(syntax));
  reader.expectSymbol(closing);
  return {
    test(scope) {
      const value = left.read(scope);
      return value !== undefined && options.some((option) => equalValues(value, option.read(scope)));
    },
  };
}

function parseIs(syntax: Syntax, left: Operand): Condition {
  const negated = syntax.reader.keyword('NOT');
  const expected = syntax.reader.keyword('MISSING')
    ? undefined
    : syntax.reader.keyword('NULL')
      ? null
      : syntax.reader.fail();
  return { test: (scope) => (left.read(scope) === expected) !== negated };
}

/** The functions that are conditions by themselves. */
function parseFunction(syntax: Syntax): Condition | undefined {
  const { reader } = syntax;
  const name = reader.peek();
  if (name.kind !== 'word' || reader.peek(1).text !== '(') return undefined;
  const lower = name.text.toLowerCase();
  if (lower === 'size') return undefined;
  if (name.text !== lower && syntax.dialect === 'expression') unknownFunction(reader.label, name.text);
  reader.take();
  reader.take();
  const path = parsePath(syntax);
  const argument = reader.symbol(',') ? parseOperand(syntax) : undefined;
  reader.expectSymbol(')');
  if (argument === undefined) {
    if (lower === 'attribute_exists') return { test: (scope) => path.read(scope) !== undefined };
    if (lower === 'attribute_not_exists') return { test: (scope) => path.read(scope) === undefined };
    return unknownFunction(reader.label, name.text);
  }
  switch (lower) {
    case 'attribute_type':
      return { test: (scope) => typeOf(path.read(scope)) === argument.read(scope) };
    case 'begins_with':
      return {
        comparison: { operator: 'begins_with', left: path, right: [argument] },
        test(scope) {
          const value = path.read(scope);
          const start = argument.read(scope);
          return typeof value === 'string' && typeof start === 'string' && value.startsWith(start);
        },
      };
    case 'contains':
      return { test: (scope) => containsValue(path.read(scope), argument.read(scope)) };
    default:
      return unknownFunction(reader.label, name.text);
  }
}

function containsValue(value: unknown, part: unknown): boolean {
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
  if (value instanceof Set) return value.has(part);
  return Array.isArray(value) && value.some((entry) => equalValues(entry, part));
}

function unknownFunction(label: string, name: string): never {
  throw validationError(`Invalid ${label}: Invalid function name or wrong number of operands; function: ${name}`);
}
