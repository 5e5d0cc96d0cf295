import type { PlanView } from '../../contracts/inspection.ts';
import type { AgentRow, WorkflowEventRow, WorkflowHead } from '../../contracts/rows.ts';
import type { WorkflowDefinition } from '../../contracts/workflow.ts';
import { forecast, type NodeTiming } from './critical-path.ts';
import { estimateOf, medianDurations } from './estimates.ts';
import { graphOf } from './graph.ts';
import { hasEnded, type NodeLetter, nodeStatusOf } from './state.ts';

/** When the nodes began and ended, as the log tells it (epoch ms). */
function timesOf(rows: readonly WorkflowEventRow[]) {
  const started = new Map<string, number>();
  const ended = new Map<string, number>();
  for (const { at, events } of rows) {
    for (const event of events) {
      if (!('node' in event)) continue;
      (event.type === 'NodeStarted' ? started : ended).set(event.node, Date.parse(at));
    }
  }
  return { started, ended };
}

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** When the nodes of a definition run, from now on if nothing has happened; `run` is what has happened. */
export function planOf(
  definition: WorkflowDefinition,
  agents: readonly Pick<AgentRow, 'figures'>[],
  now: number,
  run?: { readonly head: WorkflowHead; readonly events: readonly WorkflowEventRow[] },
): PlanView {
  const graph = graphOf(definition);
  const history = medianDurations(agents);
  const { started, ended } = timesOf(run?.events ?? []);
  const letterOf = (index: number) => (run?.head.nodes[index] ?? 'W') as NodeLetter;
  const estimates = graph.nodes.map((node) => estimateOf(node, history));
  const timings = graph.nodes.map(({ name }, index): NodeTiming => ({
    estimate_ms: estimates[index]?.ms ?? 0,
    started_at: started.get(name),
    ended_at: hasEnded(letterOf(index)) ? (ended.get(name) ?? now) : undefined,
  }));
  const { starts, ends, slack, critical, finish } = forecast(graph, timings, now);
  const onPath = new Set(critical);
  return {
    ...(run === undefined ? {} : { workflow_id: run.head.workflow_id }),
    name: definition.name,
    status: run?.head.status ?? 'Not Started',
    predicted_finish: run?.head.completed_at ?? timeOf(finish),
    critical_path: critical.flatMap((index) => graph.nodes[index]?.name ?? []),
    nodes: graph.nodes.map((node, index) => ({
      name: node.name,
      depends_on: (graph.dependencies[index] ?? []).flatMap((each) => graph.nodes[each]?.name ?? []),
      status: nodeStatusOf[letterOf(index)],
      estimated_ms: Math.round(estimates[index]?.ms ?? 0),
      estimated_by: estimates[index]?.by ?? 'nothing',
      starts_at: timeOf(starts[index] ?? now),
      ends_at: timeOf(ends[index] ?? now),
      ...(timings[index]?.ended_at === undefined ? { slack_ms: Math.round(slack[index] ?? 0) } : {}),
      critical: onPath.has(index),
    })),
  };
}
