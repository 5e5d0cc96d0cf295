import jsonata from 'jsonata';
import { BoundedPattern } from './bounded-pattern.ts';

/** Characters that an expression may make of an input, beside twice the characters of the input; an item of a list counts as eight. More: one expression fills the memory. */
const madeCharactersMax = 16 * 1024 * 1024;
/** Characters of an item of a list, of a key and of a number. */
const itemCharacters = 8;
/** Items that are sorted or compared with each other in one step. More: what takes the square of it holds a function for seconds. */
const comparedItemsMax = 10_000;

/** The bounds of an expression that JSONata keeps itself, between its steps. */
export interface ExpressionBounds {
  readonly timeout: number;
  /** Nested evaluations. More: the real stack may run out. */
  readonly stack: number;
  /** Items of one sequence. */
  readonly sequence: number;
}

/** What JSONata hands to its own functions and callbacks. */
interface Environment {
  readonly base: Environment;
  readonly timestamp: Date;
}
interface Native {
  readonly implementation: (this: { readonly environment: Environment }, ...args: never[]) => unknown;
}

/** What one evaluation has made so far. */
interface Made {
  characters: number;
  readonly most: number;
  readonly weights: WeakMap<object, number>;
}

function refuse(): never {
  throw new Error('the expression makes more than there is memory for');
}

/** The characters of a value as if it were written out; what several places share counts for each. Lists and objects that were not seen before count as made. */
function weigh(value: unknown, made: Made): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return itemCharacters;
  const known = made.weights.get(value);
  if (known !== undefined) return known;
  // A function of JSONata is an object too, with all that it can see.
  if ('_jsonata_lambda' in value || '_jsonata_function' in value) return itemCharacters;
  made.weights.set(value, 0);
  const children: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  made.characters += children.length * itemCharacters;
  let weight = itemCharacters;
  for (const child of children) weight += itemCharacters + weigh(child, made);
  made.weights.set(value, weight);
  return weight;
}

/** The characters of what `$replace` gives, or more. */
function replacedCharacters(text: string, pattern: unknown, replacement: unknown): number {
  if (typeof replacement !== 'string') return 0;
  const found = typeof pattern === 'string' ? text.split(pattern).length : text.length + 1;
  // Each `$` may stand for the whole match, and all matches together are the text.
  return text.length * replacement.split('$').length + found * replacement.length;
}

/** Functions of which one call makes much of little, or takes long: what a call would make, in characters, and how many items it compares. */
const costs: Readonly<
  Record<string, (...args: readonly never[]) => { readonly made?: number; readonly compared?: number }>
> = {
  join: (list: readonly string[] | undefined, separator: string | undefined) => ({
    made: (list ?? []).reduce((sum, each) => sum + each.length + (separator ?? '').length, 0),
  }),
  pad: (_text: string, width: number) => ({ made: Math.abs(width) }),
  replace: (text: string | undefined, pattern: unknown, replacement: unknown) => ({
    made: replacedCharacters(text ?? '', pattern, replacement),
  }),
  fromMillis: (_ms: number, picture: string | undefined) => ({
    made: Math.max(0, ...(picture?.match(/\d{3,}/g) ?? []).map(Number)),
  }),
  sort: (list: unknown) => ({ compared: Array.isArray(list) ? list.length : 0 }),
  distinct: (list: unknown) => ({ compared: Array.isArray(list) ? list.length : 0 }),
};

/** JSONata's own functions of these names, behind their bounds. */
async function boundedFunctions(): Promise<Readonly<Record<string, Native>>> {
  const own = await Promise.all(
    Object.entries(costs).map(async ([name, cost]) => {
      const native = (await jsonata(`$${name}`).evaluate(undefined)) as Native;
      const bounded: Native = {
        ...native,
        implementation(...args) {
          const { made = 0, compared = 0 } = cost(...args);
          if (made > madeCharactersMax) refuse();
          if (compared > comparedItemsMax) throw new Error(`$${name} takes at most ${String(comparedItemsMax)} items`);
          return native.implementation.apply(this, args);
        },
      };
      return [name, bounded] as const;
    }),
  );
  const functions = Object.fromEntries(own);
  const now: Native = {
    ...functions['fromMillis'],
    implementation(...args) {
      return functions['fromMillis']?.implementation.call(
        this,
        ...([this.environment.base.timestamp.getTime(), ...args] as never[]),
      );
    },
  };
  const { signature: _, ...unsigned } = now as Native & { readonly signature?: unknown };
  return { ...functions, now: unsigned };
}

let functions: Promise<Readonly<Record<string, Native>>> | undefined;

/** All values inside a syntax tree that are regular expressions. */
function* patternsOf(tree: unknown): Generator<RegExp> {
  if (tree instanceof RegExp) yield tree;
  else if (typeof tree === 'object' && tree !== null) for (const child of Object.values(tree)) yield* patternsOf(child);
}

/** An expression of a user, ready to be evaluated. */
export interface BoundedExpression {
  evaluate(input: unknown): Promise<unknown>;
  ast(): jsonata.ExprNode;
}

/**
 * Parses a JSONata expression whose evaluation is bounded: in time and depth between its steps, and so that no step takes more than about a second or makes more
 * than `madeCharactersMax`: regular expressions go back a bounded number of times, and what texts and lists grow to is looked at with each step. The functions
 * of `forbidden` fail with the reason. Throws what is wrong with the text.
 */
export function boundedExpression(
  text: string,
  bounds: ExpressionBounds,
  forbidden: { readonly names: readonly string[]; readonly reason: string } = { names: [], reason: '' },
): BoundedExpression {
  const expression = jsonata(text, { ...bounds, RegexEngine: BoundedPattern as unknown as RegExpConstructor });
  for (const pattern of patternsOf(expression.ast())) new BoundedPattern(pattern);
  for (const name of forbidden.names) {
    expression.registerFunction(name, () => {
      throw new Error(`$${name} is not available: ${forbidden.reason}`);
    });
  }
  const all = new WeakMap<Environment, Made>();
  const look = (expr: { readonly type: string }, _input: unknown, { base }: Environment, result: unknown): void => {
    const made = all.get(base);
    if (made === undefined) return;
    const weight = weigh(result, made);
    // What a name or a variable gives was there before.
    const isNew =
      typeof result === 'string' && (expr.type === 'function' || expr.type === 'binary' || expr.type === 'apply');
    if (isNew) made.characters += weight;
    if (weight > made.most || made.characters > made.most) refuse();
  };
  return {
    ast: () => expression.ast(),
    async evaluate(input) {
      const own = await (functions ??= boundedFunctions());
      const bindings = Object.fromEntries(Object.entries(own).filter(([name]) => !forbidden.names.includes(name)));
      const weights = new WeakMap<object, number>();
      const most = madeCharactersMax + 2 * weigh(input, { characters: 0, most: Infinity, weights });
      const begin = (_: unknown, __: unknown, { base }: Environment): void => {
        if (!all.has(base)) all.set(base, { characters: 0, most, weights });
      };
      expression.assign(entry, begin);
      expression.assign(exit, look);
      return expression.evaluate(input, bindings) as Promise<unknown>;
    },
  };
}

// The types know names only.
const entry = Symbol.for('jsonata.__evaluate_entry') as unknown as string;
const exit = Symbol.for('jsonata.__evaluate_exit') as unknown as string;
