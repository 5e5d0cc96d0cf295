import { branchesOf, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import type { WorkflowGraph } from './graph.ts';
import { hasEnded, isBroken, isCompleted } from './state.ts';

/** What the ends of its dependencies mean for a waiting node: start it, skip it for a reason (`not_taken`: a choice went elsewhere), or wait on. */
export type Verdict = 'start' | 'wait' | { readonly skip: string; readonly not_taken?: true };

function nameOf(graph: WorkflowGraph, index: number): string {
  return graph.nodes[index]?.name ?? '';
}

/** A skip by what its dependencies came to. The same whatever the order in which they ended, because it is told only when they all have. */
function skipOf(graph: WorkflowGraph, letters: readonly string[], dependencies: readonly number[]): Verdict {
  const broken = dependencies.find((each) => isBroken(letters[each]));
  if (broken === undefined) return { skip: 'no branch that leads here was taken', not_taken: true };
  const how = letters[broken] === 'F' ? 'failed' : letters[broken] === 'K' ? 'was skipped' : 'was stopped';
  return { skip: `its dependency "${nameOf(graph, broken)}" ${how}` };
}

/** True for a node that says which of its dependents are taken. */
function isBranching(node: WorkflowNode | undefined): boolean {
  return node?.kind === 'choice' || (node?.kind === 'event' && branchesOf(node).length > 0);
}

/** Judges a waiting node by its trigger rule. */
export function verdictOn(graph: WorkflowGraph, letters: readonly string[], index: number): Verdict {
  const dependencies = graph.dependencies[index] ?? [];
  const rule = graph.nodes[index]?.trigger_rule ?? 'all_success';
  if (dependencies.length === 0) return 'start';
  // A choice decides first whether this node is taken at all; otherwise the outcome would hang on the order in which its dependencies end.
  if (dependencies.some((each) => !hasEnded(letters[each]) && isBranching(graph.nodes[each]))) return 'wait';
  const strict = rule === 'all_success' || rule === 'none_failed';
  if (strict && dependencies.some((each) => isBroken(letters[each]))) return skipOf(graph, letters, dependencies);
  const done = dependencies.filter((each) => isCompleted(letters[each]) || letters[each] === 'H').length;
  const enough = rule === 'one_success' ? 1 : typeof rule === 'object' ? rule.at_least : undefined;
  if (enough !== undefined && done >= enough) return 'start';
  if (!dependencies.every((each) => hasEnded(letters[each]))) return 'wait';
  const starts = rule === 'all_done' || (rule === 'all_success' && done === dependencies.length);
  if (starts || (rule === 'none_failed' && done > 0)) return 'start';
  return skipOf(graph, letters, dependencies);
}
