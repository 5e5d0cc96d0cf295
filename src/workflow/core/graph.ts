import type { WorkflowDefinition, WorkflowNode } from '../../contracts/workflow.ts';

/** A definition with its edges as numbers: everything the reducer looks up in constant time. */
export interface WorkflowGraph {
  readonly nodes: readonly WorkflowNode[];
  readonly indexOf: ReadonlyMap<string, number>;
  /** Indexes of the nodes each node depends on; unknown names are left out. */
  readonly dependencies: readonly (readonly number[])[];
  readonly dependents: readonly (readonly number[])[];
  /** Nodes nobody depends on: they end the graph and decide its status. */
  readonly sinks: readonly number[];
}

const graphs = new WeakMap<WorkflowDefinition, WorkflowGraph>();

function build(definition: WorkflowDefinition): WorkflowGraph {
  const { nodes } = definition;
  const indexOf = new Map<string, number>();
  // The first of two nodes with one name wins; the check refuses the definition anyway.
  for (const [index, node] of nodes.entries()) if (!indexOf.has(node.name)) indexOf.set(node.name, index);
  const dependencies = nodes.map((node) => [...new Set(node.depends_on)].flatMap((name) => indexOf.get(name) ?? []));
  const dependents: number[][] = nodes.map(() => []);
  for (const [index, list] of dependencies.entries())
    for (const dependency of list) dependents[dependency]?.push(index);
  const sinks = nodes.flatMap((_, index) => (dependents[index]?.length === 0 ? [index] : []));
  return { nodes, indexOf, dependencies, dependents, sinks };
}

/** The graph of a definition, built once for each: definitions never change after they were pinned. */
export function graphOf(definition: WorkflowDefinition): WorkflowGraph {
  let graph = graphs.get(definition);
  if (graph === undefined) {
    graph = build(definition);
    graphs.set(definition, graph);
  }
  return graph;
}
