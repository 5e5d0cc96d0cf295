import { type Outcome, refused } from '../../../contracts/errors.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import type { TaskWork } from '../../../contracts/workflow/nodes.ts';
import { evaluate } from '../expressions/evaluate.ts';
import type { ExpressionValues } from '../expressions/expression.ts';
import type { WorkflowGraph } from './graph.ts';
import { isCompleted, type NodeLetter, nodeStatusOf } from './state.ts';

/** How a node ended, as far as expressions may see it. */
export interface EndedNode {
  readonly output?: unknown;
  readonly error?: TaskError;
}

/** The last part of a path: the name that a node's neighbours know it by. */
export function localName(path: string): string {
  return path.slice(path.lastIndexOf(':') + 1);
}

/** `outputs` and `nodes` for an expression: the given nodes' outputs by their local names, and how each of them ended. */
export function valuesOf(
  graph: WorkflowGraph,
  letters: string,
  indexes: readonly number[],
  ended: ReadonlyMap<string, EndedNode>,
) {
  const outputs: Record<string, unknown> = {};
  const nodes: Record<string, unknown> = {};
  for (const index of indexes) {
    const path = graph.nodes[index]?.name ?? '';
    const name = localName(path);
    const { output, error } = ended.get(path) ?? {};
    const letter = letters[index] as NodeLetter;
    if (isCompleted(letter)) outputs[name] = output ?? null;
    nodes[name] = { status: nodeStatusOf[letter], ...(error === undefined ? {} : { error }) };
  }
  return { outputs, nodes };
}

/** The payload of a task as JSON text: `payload` as it stands, or the value of `input`, or `{}`. Refused with `input-failed`. */
export async function payloadOf(
  work: Pick<TaskWork, 'payload' | 'input'>,
  name: string,
  values: ExpressionValues,
): Promise<Outcome<string>> {
  if (work.input === undefined) return { ok: true, value: JSON.stringify(work.payload ?? {}) };
  const made = await evaluate(work.input, values);
  return made.ok ? made : refused('input-failed', `the input of "${name}": ${made.error.message}`);
}
