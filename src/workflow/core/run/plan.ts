import type { PlanView } from '../../../contracts/workflow/inspection.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { WorkflowEventRow, WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { WorkflowDefinition } from '../../../contracts/workflow/workflow.ts';
import { type Edges, forecast, type NodeTiming, restAfter } from './critical-path.ts';
import { estimateOf, medianDurations } from './estimates.ts';
import { graphOf, type WorkflowGraph } from './graph.ts';
import { replay } from './reducer.ts';
import { hasEnded, type NodeLetter, nodeStatusOf } from './state.ts';

/** When the nodes began and ended, as the log tells it (epoch ms). */
function timesOf(rows: readonly WorkflowEventRow[]) {
  const started = new Map<string, number>();
  const ended = new Map<string, number>();
  for (const { at, events } of rows) {
    for (const event of events) {
      if (!('node' in event)) continue;
      if (event.type === 'NodeExpanded') continue;
      (event.type === 'NodeStarted' ? started : ended).set(event.node, Date.parse(at));
    }
  }
  return { started, ended };
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

const edgesOf = new WeakMap<WorkflowGraph, Edges>();

/**
 * The edges as time runs along them: what is inside a node begins after what that node came after, and the node ends after what ends inside it.
 */
function edgesInTime(graph: WorkflowGraph): Edges {
  const known = edgesOf.get(graph);
  if (known !== undefined) return known;
  const dependencies = graph.dependencies.map((list) => [...list]);
  for (const [index, scopes] of graph.scopesIn) {
    for (const scope of scopes) {
      for (const root of scope.roots) dependencies[root]?.push(...(graph.dependencies[index] ?? []));
      dependencies[index]?.push(...scope.sinks);
    }
  }
  const dependents: number[][] = graph.nodes.map(() => []);
  for (const [index, list] of dependencies.entries()) for (const each of list) dependents[each]?.push(index);
  const edges = { dependencies, dependents };
  edgesOf.set(graph, edges);
  return edges;
}

/** The longest way (ms) from the end of each node to the end of the workflow, by estimates: what is inside a node goes on with what comes after that. */
export function restOf(graph: WorkflowGraph, agents: readonly Pick<AgentRow, 'figures'>[]): readonly number[] {
  const history = medianDurations(agents);
  const estimates = graph.nodes.map((node, index) =>
    graph.scopesIn.has(index) ? 0 : estimateOf(graph.definition, node, history).ms,
  );
  return restAfter(edgesInTime(graph), estimates);
}

/** When the nodes of a definition run, from now on if nothing has happened; `run` is what has happened. */
export function planOf(
  definition: WorkflowDefinition,
  agents: readonly Pick<AgentRow, 'figures'>[],
  now: number,
  run?: { readonly head: WorkflowHead; readonly events: readonly WorkflowEventRow[] },
): PlanView {
  const happened = (run?.events ?? []).flatMap(({ events }) => events);
  const graph = graphOf(definition, replay(definition, happened).expansions);
  const edges = edgesInTime(graph);
  const history = medianDurations(agents);
  const { started, ended } = timesOf(run?.events ?? []);
  const begun = run === undefined ? now : Date.parse(run.head.started_at ?? run.head.created_at);
  const letterOf = (index: number) => (run?.head.nodes[index] ?? 'W') as NodeLetter;
  const estimates = graph.nodes.map((node) => estimateOf(graph.definition, node, history));
  const timings = graph.nodes.map(({ name }, index): NodeTiming => {
    if (hasEnded(letterOf(index))) {
      // The log does not tell when a node was stopped because nobody needed it any more: it decides nothing.
      const ended_at = ended.get(name) ?? started.get(name) ?? begun;
      return { estimate_ms: 0, started_at: started.get(name), ended_at };
    }
    // What goes on inside of it says when it ends.
    if (graph.scopesIn.has(index)) return { estimate_ms: 0 };
    return { estimate_ms: estimates[index]?.ms ?? 0, started_at: started.get(name) };
  });
  const { starts, ends, slack, critical, finish } = forecast(edges, timings, now);
  const onPath = new Set(critical);
  return {
    ...(run === undefined ? {} : { workflow_id: run.head.workflow_id }),
    name: definition.name,
    ...(run?.head.deadline === undefined ? {} : { deadline: run.head.deadline }),
    status: run?.head.status ?? 'Not Started',
    predicted_finish: run?.head.completed_at ?? timeOf(finish),
    critical_path: critical.flatMap((index) => graph.nodes[index]?.name ?? []),
    nodes: graph.nodes.map((node, index) => ({
      name: node.name,
      depends_on: (edges.dependencies[index] ?? []).flatMap((each) => graph.nodes[each]?.name ?? []),
      status: nodeStatusOf[letterOf(index)],
      estimated_ms: Math.round(estimates[index]?.ms ?? 0),
      estimated_by: estimates[index]?.by ?? 'nothing',
      starts_at: timeOf(started.get(node.name) ?? starts[index] ?? now),
      ends_at: timeOf(ends[index] ?? now),
      ...(timings[index]?.ended_at === undefined ? { slack_ms: Math.round(slack[index] ?? 0) } : {}),
      critical: onPath.has(index),
    })),
  };
}
