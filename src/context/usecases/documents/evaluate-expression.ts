import type { Json } from '../../../contracts/json.ts';
import { expressionMsMax } from '../../../contracts/limits.ts';

/** Nested evaluations of one expression. More: the real stack may run out. */
const expressionDepthMax = 200;
/** Items of one sequence that an expression makes. More: one expression could fill the memory. */
const expressionItemsMax = 100_000;

const bounds = { timeout: expressionMsMax, stack: expressionDepthMax, sequence: expressionItemsMax };

/** Loaded on demand: few documents have an expression, and every start of the API would pay for it. */
const compiled = async (expression: string) =>
  (await import('../../../contracts/bounded-expression.ts')).boundedExpression(expression, bounds);

/** What a JSONata expression of a user makes of its context; when it fails or gives nothing, why. It is bounded in time, depth and size, as `boundedExpression` says. */
export async function evaluated(
  expression: string,
  context: unknown,
): Promise<{ readonly value: Json } | { readonly reason: string }> {
  try {
    const value = await (await compiled(expression)).evaluate(context);
    if (value === undefined) return { reason: 'the expression gives nothing' };
    return { value: JSON.parse(JSON.stringify(value)) as Json };
  } catch (error) {
    return { reason: `the expression fails: ${messageOf(error)}` };
  }
}

/** Why a text is no JSONata expression; undefined when it is one. */
export async function expressionFault(expression: string): Promise<string | undefined> {
  try {
    await compiled(expression);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** JSONata throws plain objects. */
function messageOf(error: unknown): string {
  return String((error as { message?: unknown } | null)?.message).slice(0, 500);
}
