import { validationError } from '../aws-errors.ts';
import { parseCondition } from './conditions.ts';
import type { Condition } from './conditions.ts';
import { createSyntax, parsePath } from './operands.ts';
import type { Scope, Syntax } from './operands.ts';
import type { Path } from './paths.ts';
import { createTokenReader } from './tokens.ts';
import { parseUpdate } from './updates.ts';
import type { Update } from './updates.ts';

/** A parsed expression with the placeholders it uses. */
export interface Compiled<T> {
  readonly body: T;
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

/** Programs use few different expressions; past this many something builds them from data, and forgetting them all is cheap. */
const cachedExpressionsMax = 5_000;

function cached<T>(label: string, parse: (syntax: Syntax) => T): (source: string) => Compiled<T> {
  const cache = new Map<string, Compiled<T>>();
  return (source) => {
    const known = cache.get(source);
    if (known !== undefined) return known;
    if (source.trim() === '') throw validationError(`Invalid ${label}: The expression can not be empty;`);
    const syntax = createSyntax(createTokenReader(source, label), 'expression');
    const body = parse(syntax);
    syntax.reader.finish();
    const compiled: Compiled<T> = { body, names: syntax.names, values: syntax.values };
    if (cache.size >= cachedExpressionsMax) cache.clear();
    cache.set(source, compiled);
    return compiled;
  };
}

/** Compiles a ConditionExpression. */
export const compileCondition: (source: string) => Compiled<Condition> = cached('ConditionExpression', parseCondition);

/** Compiles a FilterExpression. */
export const compileFilter: (source: string) => Compiled<Condition> = cached('FilterExpression', parseCondition);

/** Compiles a KeyConditionExpression. */
export const compileKeyCondition: (source: string) => Compiled<Condition> = cached(
  'KeyConditionExpression',
  parseCondition,
);

/** Compiles an UpdateExpression. */
export const compileUpdate: (source: string) => Compiled<Update> = cached('UpdateExpression', parseUpdate);

/** Compiles a ProjectionExpression. */
export const compileProjection: (source: string) => Compiled<readonly ((scope: Scope) => Path)[]> = cached(
  'ProjectionExpression',
  (syntax) => {
    const paths = [parsePath(syntax).path];
    while (syntax.reader.symbol(',')) paths.push(parsePath(syntax).path);
    return paths;
  },
);

/** The placeholders of a request. */
export interface Placeholders {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

/** Refuses placeholders that no expression of the request uses, as DynamoDB does. */
export function refuseUnused(input: Placeholders, compiled: readonly (Compiled<unknown> | undefined)[]): void {
  for (const name in input.ExpressionAttributeNames) {
    if (!compiled.some((expression) => expression?.names.has(name) === true)) {
      throw validationError(`Value provided in ExpressionAttributeNames unused in expressions: keys: {${name}}`);
    }
  }
  for (const name in input.ExpressionAttributeValues) {
    if (!compiled.some((expression) => expression?.values.has(name) === true)) {
      throw validationError(`Value provided in ExpressionAttributeValues unused in expressions: keys: {${name}}`);
    }
  }
}
