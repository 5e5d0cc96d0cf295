import { validationError } from '../aws-errors.ts';
import { parseCondition } from './conditions.ts';
import type { Condition } from './conditions.ts';
import { createSyntax, parseConstant, parsePath } from './operands.ts';
import type { Operand, Syntax } from './operands.ts';
import { createTokenReader } from './tokens.ts';
import { createUpdate, parseSet } from './updates.ts';
import type { Action, Update } from './updates.ts';

/** What a statement gives back besides success. */
export type Returning = 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW' | 'NONE';

/** A parsed statement: the subset that writes one item by its full key, and reads one by it. */
export type Statement = { readonly table: string; readonly parameters: number } & (
  | { readonly kind: 'insert'; readonly value: Operand }
  | { readonly kind: 'update'; readonly update: Update; readonly where: Condition; readonly returning: Returning }
  | { readonly kind: 'delete'; readonly where: Condition; readonly returning: Returning }
  | { readonly kind: 'select'; readonly where: Condition }
);

const cache = new Map<string, Statement>();
const cachedStatementsMax = 5_000;

/** Parses a PartiQL statement, once for each text. */
export function compileStatement(source: string): Statement {
  const known = cache.get(source);
  if (known !== undefined) return known;
  const syntax = createSyntax(createTokenReader(source, 'PartiQL statement'), 'partiql');
  const statement = parseStatement(syntax);
  syntax.reader.finish();
  if (cache.size >= cachedStatementsMax) cache.clear();
  cache.set(source, statement);
  return statement;
}

function parseStatement(syntax: Syntax): Statement {
  const { reader } = syntax;
  if (reader.keyword('INSERT')) {
    reader.expectKeyword('INTO');
    const table = parseTable(syntax);
    reader.expectKeyword('VALUE');
    // A whole item in one parameter is refused, as by DynamoDB.
    const value = (reader.peek().text === '{' ? parseConstant(syntax) : undefined) ?? reader.fail();
    return { kind: 'insert', table, value, parameters: syntax.parameters };
  }
  if (reader.keyword('UPDATE')) {
    const table = parseTable(syntax);
    const update = createUpdate(parseActions(syntax));
    const where = parseWhere(syntax);
    return { kind: 'update', table, update, where, returning: parseReturning(syntax), parameters: syntax.parameters };
  }
  if (reader.keyword('DELETE')) {
    reader.expectKeyword('FROM');
    const table = parseTable(syntax);
    const where = parseWhere(syntax);
    return { kind: 'delete', table, where, returning: parseReturning(syntax), parameters: syntax.parameters };
  }
  reader.expectKeyword('SELECT');
  reader.expectSymbol('*');
  reader.expectKeyword('FROM');
  const table = parseTable(syntax);
  return { kind: 'select', table, where: parseWhere(syntax), parameters: syntax.parameters };
}

function parseTable(syntax: Syntax): string {
  const token = syntax.reader.take();
  return token.kind === 'quoted' || token.kind === 'word' ? token.text : syntax.reader.fail();
}

/** `SET a=?, b=? SET c=? REMOVE d, e REMOVE f`: clauses may repeat. */
function parseActions(syntax: Syntax): Action[] {
  const { reader } = syntax;
  const actions: Action[] = [];
  for (;;) {
    const parse = reader.keyword('SET')
      ? parseSet
      : reader.keyword('REMOVE')
        ? (state: Syntax): Action => ({ target: parsePath(state).path })
        : undefined;
    if (parse === undefined) break;
    do actions.push(parse(syntax));
    while (reader.symbol(','));
  }
  return actions.length === 0 ? reader.fail() : actions;
}

function parseWhere(syntax: Syntax): Condition {
  syntax.reader.expectKeyword('WHERE');
  return parseCondition(syntax);
}

function parseReturning(syntax: Syntax): Returning {
  const { reader } = syntax;
  if (!reader.keyword('RETURNING')) return 'NONE';
  const scope = reader.keyword('ALL') ? 'ALL' : reader.keyword('MODIFIED') ? 'UPDATED' : reader.fail();
  const version = reader.keyword('OLD') ? 'OLD' : reader.keyword('NEW') ? 'NEW' : reader.fail();
  reader.expectSymbol('*');
  return `${scope}_${version}`;
}

/** The value that a WHERE clause demands of a key attribute. */
export function keyOperand(where: Condition, attribute: string): Operand {
  for (const term of where.all ?? [where]) {
    const comparison = term.comparison;
    if (comparison?.operator !== '=') continue;
    const path = comparison.left.path?.({ item: undefined });
    if (path?.length === 1 && path[0] === attribute && comparison.right[0] !== undefined) return comparison.right[0];
  }
  throw validationError(`Where clause does not contain a mandatory equality on all key attributes`);
}
