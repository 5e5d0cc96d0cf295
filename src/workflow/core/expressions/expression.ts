import { type BoundedExpression, boundedExpression } from '../../../contracts/bounded-expression.ts';
import { type Outcome, refused } from '../../../contracts/errors.ts';
import { expressionMsMax } from '../../../contracts/limits.ts';
import { plainJson } from './plain-json.ts';

/** Nested evaluations of one expression. More: the real stack may run out. */
const expressionDepthMax = 400;
/** Items of one sequence that an expression makes. More: one expression could fill the memory. */
const expressionItemsMax = 200_000;

/** Functions whose value differs from one evaluation to the next, or that hide an expression from the check. */
const forbiddenFunctions = ['now', 'millis', 'random', 'shuffle', 'eval'] as const;

/** Names that an expression may see, somewhere in a workflow: any other one is a slip. */
export const expressionNames = ['input', 'outputs', 'nodes', 'item', 'index', 'last', 'error', 'results'] as const;

/** What an expression sees: `input`, `outputs` and `nodes` of what came before; inside another node also what that gives it (`item`, `last` …). */
export interface ExpressionValues {
  readonly input: unknown;
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly nodes?: Readonly<Record<string, unknown>>;
  readonly [name: string]: unknown;
}

const compiled = new Map<string, BoundedExpression>();
/** Compiled expressions kept. More: memory; fewer: a parse an evaluation. */
const compiledMax = 1_000;

function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, position } = error as { message?: unknown; position?: unknown };
  const text = typeof message === 'string' ? message : 'unknown reason';
  return typeof position === 'number' ? `${text} (at character ${position})` : text;
}

function compile(text: string): BoundedExpression {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const bounds = { timeout: expressionMsMax, stack: expressionDepthMax, sequence: expressionItemsMax };
  const expression = boundedExpression(text, bounds, {
    names: forbiddenFunctions,
    reason: 'the same inputs must give the same value',
  });
  if (compiled.size >= compiledMax) compiled.clear();
  compiled.set(text, expression);
  return expression;
}

/** A node of JSONata's syntax tree. */
type Tree = { readonly type?: string; readonly value?: unknown; readonly steps?: readonly Tree[] };

/** What an expression refers to, as far as its text tells: `outputs.x`, `nodes.x`, names that nobody gives it, and functions that are not available. */
export interface References {
  readonly outputs: readonly string[];
  readonly nodes: readonly string[];
  readonly unknown: readonly string[];
  readonly forbidden: readonly string[];
}

/** The names that a path starts with: `outputs.x` or `$$.outputs.x`. Further steps run in another context, where names mean something else. */
function rootOf(steps: readonly Tree[]): { readonly holder?: string; readonly name?: string } {
  const [first, ...rest] = steps;
  const [holder, named] = first?.type === 'variable' && first.value === '$' ? rest : steps;
  if (holder?.type !== 'name' || typeof holder.value !== 'string') return {};
  const name = named?.type === 'name' && typeof named.value === 'string' ? { name: named.value } : {};
  return { holder: holder.value, ...name };
}

function collect(root: Tree): References {
  const found = {
    outputs: new Set<string>(),
    nodes: new Set<string>(),
    unknown: new Set<string>(),
    forbidden: new Set<string>(),
  };
  const open: { tree: Tree; atRoot: boolean }[] = [{ tree: root, atRoot: true }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { tree, atRoot } = next;
    if (tree.type === 'variable' && forbiddenFunctions.some((name) => name === tree.value)) {
      found.forbidden.add(String(tree.value));
    }
    const { holder, name } = tree.type === 'path' && atRoot ? rootOf(tree.steps ?? []) : {};
    if (name !== undefined && (holder === 'outputs' || holder === 'nodes')) found[holder].add(name);
    if (holder !== undefined && !expressionNames.some((known) => known === holder)) found.unknown.add(holder);
    for (const [key, child] of Object.entries(tree)) {
      const sameContext = atRoot && tree.type !== 'transform' && !['stages', 'predicate', 'group'].includes(key);
      const children = Array.isArray(child) ? (child.flat() as unknown[]) : [child];
      for (const [index, each] of children.entries()) {
        if (typeof each !== 'object' || each === null) continue;
        open.push({ tree: each, atRoot: sameContext && !(key === 'steps' && index > 0) });
      }
    }
  }
  const { outputs, nodes, unknown, forbidden } = found;
  return { outputs: [...outputs], nodes: [...nodes], unknown: [...unknown], forbidden: [...forbidden] };
}

/** Parses an expression. Refused with `invalid-expression` and the position when it is not JSONata. */
export function referencesOf(text: string): Outcome<References> {
  try {
    return { ok: true, value: collect(compile(text).ast()) };
  } catch (error) {
    return refused('invalid-expression', describe(error));
  }
}

/** The value of an expression as JSON text; nothing becomes `null`. Refused with `input-failed` when it fails, takes too long or gives no JSON. */
export async function evaluate(text: string, values: ExpressionValues): Promise<Outcome<string>> {
  try {
    const value = await compile(text).evaluate(values);
    if (value === undefined) return { ok: true, value: 'null' };
    const plain = plainJson(value);
    if (plain === undefined) return refused('input-failed', 'the expression gives a value that is not JSON');
    return { ok: true, value: JSON.stringify(plain) };
  } catch (error) {
    return refused('input-failed', describe(error).slice(0, 1_024));
  }
}
