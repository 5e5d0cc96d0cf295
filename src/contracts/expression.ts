import * as z from 'zod';
import { expressionCharactersMax } from './limits.ts';

/** A JSONata expression over `{ input, outputs, nodes }`, and inside of another node also `item`, `index`, `last`, `error`. */
export const expression = z.string().min(1).max(expressionCharactersMax);

/** Something written out, or `{ "expression": … }` that gives it when the node starts. */
export function orExpression<T extends z.ZodType>(literal: T) {
  return z.union([literal, z.strictObject({ expression })]);
}
