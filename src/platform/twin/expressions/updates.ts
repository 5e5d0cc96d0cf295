import { validationError } from '../aws-errors.ts';
import { parseConstant, parsePath } from './operands.ts';
import type { Operand, Scope, Syntax } from './operands.ts';
import { createDraft, overlaps, printPath } from './paths.ts';
import type { Path } from './paths.ts';
import { addNumbers, cloneValue } from './values.ts';
import type { Item } from './values.ts';

/** One write of an update: `value` is undefined for a removal. */
export interface Action {
  readonly target: (scope: Scope) => Path;
  readonly value?: (scope: Scope) => unknown;
}

/** A new version of an item. All values are read from the item before the update; nothing of it is changed in place. */
export interface Update {
  readonly actions: readonly Action[];
  apply(item: Item, scope: Scope): { item: Record<string, unknown>; paths: readonly Path[] };
}

/** Parses `SET … REMOVE … ADD … DELETE …`, each at most once. */
export function parseUpdate(syntax: Syntax): Update {
  const { reader } = syntax;
  const actions: Action[] = [];
  const seen = new Set<string>();
  do {
    const clause = reader.take().text.toUpperCase();
    const parse = clauses[clause];
    if (parse === undefined) return reader.fail();
    if (seen.has(clause)) {
      throw validationError(
        `Invalid UpdateExpression: The "${clause}" section can only be used once in an update expression;`,
      );
    }
    seen.add(clause);
    do actions.push(parse(syntax));
    while (reader.symbol(','));
  } while (reader.peek().kind !== 'end');
  return createUpdate(actions);
}

/** An update from its actions; refuses two actions on overlapping paths when applied. */
export function createUpdate(actions: readonly Action[]): Update {
  return {
    actions,
    apply(item, scope) {
      const paths: Path[] = [];
      const values: unknown[] = [];
      for (const action of actions) {
        const path = action.target(scope);
        for (const other of paths) if (overlaps(path, other)) refuseOverlap(path, other);
        paths.push(path);
        values.push(action.value?.(scope));
      }
      const draft = createDraft(item);
      actions.forEach((_action, index) => {
        const path = paths[index];
        if (path === undefined) return;
        const value = values[index];
        if (value === undefined) draft.remove(path);
        else draft.set(path, value);
      });
      return { item: draft.finish(), paths };
    },
  };
}

function refuseOverlap(path: Path, other: Path): never {
  throw validationError(
    `Invalid UpdateExpression: Two document paths overlap with each other; must remove or rewrite one of these paths; path one: ${printPath(other)}, path two: ${printPath(path)}`,
  );
}

const clauses: Record<string, (syntax: Syntax) => Action> = {
  SET: parseSet,
  REMOVE: (syntax) => ({ target: parsePath(syntax).path }),
  ADD(syntax) {
    const target = parsePath(syntax);
    const operand = parseConstant(syntax) ?? syntax.reader.fail();
    return { target: target.path, value: (scope) => addTo(target.read(scope), operand.read(scope)) };
  },
  DELETE(syntax) {
    const target = parsePath(syntax);
    const operand = parseConstant(syntax) ?? syntax.reader.fail();
    return { target: target.path, value: (scope) => deleteFrom(target.read(scope), operand.read(scope)) };
  },
};

/** One `path = value`. */
export function parseSet(syntax: Syntax): Action {
  const target = parsePath(syntax);
  syntax.reader.expectSymbol('=');
  const value = parseValue(syntax);
  return {
    target: target.path,
    value(scope) {
      const result = value.read(scope);
      if (result === undefined) {
        throw validationError('The provided expression refers to an attribute that does not exist in the item');
      }
      return result;
    },
  };
}

function parseValue(syntax: Syntax): Operand {
  let left = parseValueOperand(syntax);
  for (;;) {
    const sign = syntax.reader.symbol('+') ? 1 : syntax.reader.symbol('-') ? -1 : 0;
    if (sign === 0) return left;
    const a = left;
    const b = parseValueOperand(syntax);
    left = { read: (scope) => addNumbers(requireNumber(a.read(scope)), sign * requireNumber(b.read(scope))) };
  }
}

function parseValueOperand(syntax: Syntax): Operand {
  const { reader } = syntax;
  const literal = parseConstant(syntax);
  if (literal !== undefined) return literal;
  if (reader.symbol('(')) {
    const inner = parseValue(syntax);
    reader.expectSymbol(')');
    return inner;
  }
  if (reader.peek().kind === 'word' && reader.peek(1).text === '(') return parseValueFunction(syntax);
  const path = parsePath(syntax);
  return { read: (scope) => cloneValue(path.read(scope)) };
}

function parseValueFunction(syntax: Syntax): Operand {
  const { reader } = syntax;
  const name = reader.take().text;
  reader.expectSymbol('(');
  const first = parseValueOperand(syntax);
  reader.expectSymbol(',');
  const second = parseValue(syntax);
  reader.expectSymbol(')');
  if (name === 'if_not_exists') {
    return {
      read(scope) {
        // Null is a value: only what is not there gives way.
        const present = first.read(scope);
        return present === undefined ? second.read(scope) : present;
      },
    };
  }
  if (name === 'list_append') {
    return { read: (scope) => [...requireList(first.read(scope)), ...requireList(second.read(scope))] };
  }
  if (syntax.dialect === 'partiql' && name === 'set_add') {
    return { read: (scope) => addTo(first.read(scope), second.read(scope)) };
  }
  if (syntax.dialect === 'partiql' && name === 'set_delete') {
    return { read: (scope) => deleteFrom(first.read(scope), second.read(scope)) };
  }
  throw validationError(`Invalid ${reader.label}: Invalid function name; function: ${name}`);
}

function requireNumber(value: unknown): number {
  if (value === undefined) {
    throw validationError('The provided expression refers to an attribute that does not exist in the item');
  }
  if (typeof value !== 'number') throw wrongType();
  return value;
}

function requireList(value: unknown): readonly unknown[] {
  if (value === undefined) {
    throw validationError('The provided expression refers to an attribute that does not exist in the item');
  }
  if (!Array.isArray(value)) throw wrongType();
  return value;
}

function wrongType(): Error {
  return validationError('An operand in the update expression has an incorrect data type');
}

function addTo(current: unknown, addition: unknown): unknown {
  if (typeof addition === 'number') return addNumbers(current === undefined ? 0 : requireNumber(current), addition);
  if (!(addition instanceof Set)) throw wrongType();
  if (current === undefined) return new Set(addition);
  if (!(current instanceof Set)) throw wrongType();
  return new Set<unknown>([...current, ...addition]);
}

/** An emptied set is no value: the attribute goes. */
function deleteFrom(current: unknown, part: unknown): unknown {
  if (!(part instanceof Set)) throw wrongType();
  if (current === undefined) return undefined;
  if (!(current instanceof Set)) throw wrongType();
  const rest = new Set<unknown>([...current].filter((entry) => !part.has(entry)));
  return rest.size === 0 ? undefined : rest;
}
