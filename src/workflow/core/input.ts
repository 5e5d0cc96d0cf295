import { type Outcome, refused } from '../../contracts/errors.ts';
import type { TaskError } from '../../contracts/task.ts';
import type { WorkflowNode } from '../../contracts/workflow.ts';
import { evaluate } from './expression.ts';
import type { WorkflowGraph } from './graph.ts';
import { type NodeLetter, nodeStatusOf } from './state.ts';

/** How a node that ended left its task, as far as expressions may see it. */
export interface EndedNode {
  readonly output?: unknown;
  readonly error?: TaskError;
}

/** `outputs` and `nodes` for an expression: the given nodes' outputs, and how each of them ended. */
export function valuesOf(
  graph: WorkflowGraph,
  letters: string,
  names: readonly string[],
  ended: ReadonlyMap<string, EndedNode>,
) {
  const outputs: Record<string, unknown> = {};
  const nodes: Record<string, unknown> = {};
  for (const name of names) {
    const index = graph.indexOf.get(name);
    if (index === undefined) continue;
    const { output, error } = ended.get(name) ?? {};
    const letter = letters[index] as NodeLetter;
    if (letter === 'C') outputs[name] = output ?? null;
    nodes[name] = { status: nodeStatusOf[letter], ...(error === undefined ? {} : { error }) };
  }
  return { outputs, nodes };
}

/** True when the node's payload can only be made from what came before it. */
export function needsValues(node: WorkflowNode): boolean {
  return node.input !== undefined;
}

/** The payload of a node as JSON text: `payload` as it stands, or the value of `input`, or `{}`. Refused with `input-failed`. */
export async function payloadOf(
  node: WorkflowNode,
  values: {
    readonly input: unknown;
    readonly outputs: Record<string, unknown>;
    readonly nodes: Record<string, unknown>;
  },
): Promise<Outcome<string>> {
  if (node.input === undefined) return { ok: true, value: JSON.stringify(node.payload ?? {}) };
  const made = await evaluate(node.input, values);
  return made.ok ? made : refused('input-failed', `the input of "${node.name}": ${made.error.message}`);
}
