import type { Fault } from '../../../contracts/errors.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { bodiesOf, branchesOf, type WorkflowBody, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { inOrder } from '../run/critical-path.ts';
import { findCycles } from './cycles.ts';
import { graphOf } from '../run/graph.ts';

/** Bodies, by name, that a body leads to. */
type Leads = (body: WorkflowBody) => readonly string[];

/** What failures lead to, however deep: each of these runs with the same input again. */
const fallbacksOf: Leads = ({ nodes }) =>
  nodes.flatMap(({ on_error }) => {
    if (typeof on_error !== 'object') return [];
    return typeof on_error.fallback === 'string' ? on_error.fallback : fallbacksOf(on_error.fallback);
  });

/** Nodes that start in every run in which nothing fails: no choice comes before them, and no event that may go another way. */
function certainNodes({ nodes }: WorkflowBody): WorkflowNode[] {
  const graph = graphOf({ name: 'level', nodes: [...nodes] });
  const open = new Set<number>();
  for (const index of inOrder(graph)) {
    const { name = '' } = graph.nodes[index] ?? {};
    const decides = (each: number): boolean => {
      const node = graph.nodes[each];
      return node?.kind === 'choice' || branchesOf(node).some(([, names]) => names.includes(name));
    };
    const isCertain = (each: number): boolean => open.has(each) && !decides(each);
    if ((graph.dependencies[index] ?? []).every(isCertain)) open.add(index);
  }
  return graph.nodes.filter((_, index) => open.has(index));
}

/** True for a node that runs its body at least once: a list may be empty, and `while` may say no. */
function runsItsBody(node: WorkflowNode): boolean {
  return node.kind === 'subworkflow' || node.kind === 'gather' || (node.kind === 'loop' && node.while === undefined);
}

/** What runs in every run of a body, however deep. */
const innerOf: Leads = (body) =>
  certainNodes(body)
    .filter(runsItsBody)
    .flatMap((node) =>
      bodiesOf(node).flatMap(([place, inner]) => {
        if (place !== '.body') return [];
        return typeof inner === 'string' ? inner : innerOf(inner);
      }),
    );

/**
 * Bodies that lead back to themselves with nothing that could end it: by failures alone, where the same is tried with the same input, or in every run, where they
 * nest until the limit. A body may well run itself behind a choice or an event's `then`, in a map, or in a loop with `while`.
 */
export function bodyCycleFaults({ bodies = {} }: WorkflowDefinition): Fault[] {
  const names = Object.keys(bodies);
  const cyclesBy = (leads: Leads, what: string, fix: string): Fault[] => {
    const nodes = Object.entries(bodies).map(([name, body]): WorkflowNode => ({
      kind: 'join',
      name,
      depends_on: [...leads(body)],
      trigger_rule: 'all_success',
    }));
    return findCycles(graphOf({ name: 'bodies', nodes })).map((cycle) => {
      const shown = [...cycle, cycle[0] ?? 0].map((index) => names[index] ?? '');
      const message = `${what}: ${shown.join(' → ')}`;
      return { code: 'workflow-cycle', path: `bodies.${shown[0] ?? ''}`, message, fix };
    });
  };
  return [
    ...cyclesBy(
      fallbacksOf,
      'its fallbacks lead back to it with the same input',
      'try again with retry, and fall back on something else',
    ),
    ...cyclesBy(innerOf, 'it runs itself in every run', 'put a choice before the node that runs it, or use a loop'),
  ];
}
