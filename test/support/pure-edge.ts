import { isTask } from '../../src/contracts/workflow/nodes.ts';
import type { WorkflowDefinition } from '../../src/contracts/workflow/workflow.ts';
import { type DueNode, dueNodes } from '../../src/workflow/core/run/composites.ts';
import { graphOf, scopesNow, type WorkflowGraph } from '../../src/workflow/core/run/graph.ts';
import type { KeptSignal } from '../../src/contracts/workflow/signal.ts';
import type { NodeOutcome } from '../../src/workflow/core/run/settle-nodes.ts';
import type { WorkflowState } from '../../src/workflow/core/run/state.ts';
import { numberIn, takenBy } from './naive-workflow.ts';

const error = { code: 'broken', message: 'it broke', retryable: false };

function answer(graph: WorkflowGraph, { index, due }: DueNode, [oldest]: readonly KeptSignal[]): NodeOutcome {
  const node = graph.nodes[index]!;
  const who = { node: node.name, attempt: 0 };
  const scopes = scopesNow(graph, index);
  const attempt = scopes.at(-1)?.attempt ?? 0;
  const turn = due === 'start' ? attempt + 1 : attempt;
  const rounds = due === 'start' ? 0 : scopes.length;
  if (typeof due === 'object') {
    const mayTry = 'body' in node && scopes.at(-1)?.kind === 'body' && attempt < (node.retry?.max_attempts ?? 1);
    return { ...who, outcome: mayTry ? 'retried' : 'failed', error };
  }
  const body = (count: number): NodeOutcome => ({
    ...who,
    outcome: 'expanded',
    scope: 'body',
    from: rounds,
    count,
    turn,
  });
  if (due === 'round' && node.kind === 'loop') {
    if (rounds >= numberIn(node.until)) return { ...who, outcome: 'completed' };
    return rounds >= node.max_rounds ? { ...who, outcome: 'failed', error } : body(1);
  }
  if (due !== 'start' || isTask(node) || node.kind === 'join') return { ...who, outcome: 'completed' };
  if (node.kind === 'event')
    return oldest === undefined ? { ...who, outcome: 'held' } : { ...who, outcome: 'completed', signal: oldest.id };
  if (node.kind === 'wait' || node.kind === 'transaction') return { ...who, outcome: 'completed' };
  if (node.kind === 'map') return body(numberIn(node.items));
  if (node.kind !== 'choice') return body(1);
  const taken = takenBy(node);
  return taken === undefined ? { ...who, outcome: 'failed', error } : { ...who, outcome: 'completed', taken };
}

/** What the edge would answer for the nodes that wait for Cadre itself, where all expressions are constants. */
export function answers(definition: WorkflowDefinition, state: WorkflowState): NodeOutcome[] {
  const graph = graphOf(definition, state.expansions);
  return dueNodes(graph, state.nodes).map((due) => answer(graph, due, state.signals));
}

/** The first node that waits for an event, ending with this one. */
export function takerOf(definition: WorkflowDefinition, state: WorkflowState, signal: string): NodeOutcome | undefined {
  const { nodes, scopesIn } = graphOf(definition, state.expansions);
  const index = nodes.findIndex(({ kind }, at) => kind === 'event' && state.nodes[at] === 'E' && !scopesIn.has(at));
  return index < 0 ? undefined : { node: nodes[index]!.name, attempt: 0, outcome: 'completed', signal };
}
