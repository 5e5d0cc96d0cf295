import type { Outcome } from '../../../contracts/errors.ts';
import type { ExpressionValues } from './expression.ts';

/**
 * The value of an expression as JSON text, as `expression.ts` gives it. JSONata is loaded with the first expression: many workflows have none, and it is an
 * eighth of what a function loads when it starts.
 */
export async function evaluate(text: string, values: ExpressionValues): Promise<Outcome<string>> {
  const expression = await import('./expression.ts');
  return expression.evaluate(text, values);
}
