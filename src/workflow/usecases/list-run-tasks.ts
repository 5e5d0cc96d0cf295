import { nodeTaskId } from '../../contracts/ids.ts';
import type { TaskRow, WorkflowEventRow } from '../../contracts/rows.ts';
import type { TaskError } from '../../contracts/task.ts';
import type { RunTask, WorkflowNode } from '../../contracts/workflow.ts';
import { whyQueued } from '../../distributor/core/why-queued.ts';
import { graphOf, type WorkflowGraph } from '../core/graph.ts';
import { hasEnded } from '../core/state.ts';
import type { WorkflowDeps } from '../ports.ts';
import { findRun } from './load-run.ts';

/** Names shown in a reason for waiting. More: nobody reads them. */
const namesShownMax = 5;

/** Why nodes without a row ended: the log is the only place that knows. */
function endings(rows: readonly WorkflowEventRow[]) {
  const skipped = new Map<string, string>();
  const failed = new Map<string, TaskError>();
  for (const event of rows.flatMap((row) => row.events)) {
    if (event.type === 'NodeSkipped') skipped.set(event.node, event.reason);
    if (event.type === 'NodeFailed') failed.set(event.node, event.error);
  }
  return { skipped, failed };
}

function waitsFor(graph: WorkflowGraph, letters: string, node: WorkflowNode): string {
  const open = node.depends_on.filter((name) => !hasEnded(letters[graph.indexOf.get(name) ?? -1]));
  const more = open.length > namesShownMax ? ` and ${open.length - namesShownMax} more` : '';
  return open.length === 0
    ? 'the workflow has not started'
    : `waits for ${open.slice(0, namesShownMax).join(', ')}${more}`;
}

function fromRow(node: WorkflowNode, row: TaskRow, reasons: readonly string[]): RunTask {
  const { task_id, status, attempt, queued_at, started_at, completed_at, assigned_agent, error } = row;
  return {
    name: node.name,
    task_id,
    status,
    attempt,
    queued_at,
    ...(started_at === undefined ? {} : { started_at }),
    ...(completed_at === undefined ? {} : { completed_at }),
    ...(assigned_agent === undefined ? {} : { agent_id: assigned_agent }),
    ...(error === undefined ? {} : { error }),
    ...(reasons.length === 0 ? {} : { reasons: [...reasons] }),
  };
}

/** The tasks of a run in the definition's order, each with its times, its agent, and the reason why it waits or was skipped; undefined when there is no such run. */
export async function listRunTasks(deps: WorkflowDeps, workflow_id: string): Promise<RunTask[] | undefined> {
  const run = await findRun(deps, workflow_id);
  if (run === undefined) return undefined;
  const { head, pinned } = run;
  const graph = graphOf(pinned.definition);
  const begun = graph.nodes.filter((_, index) => head.nodes[index] !== 'W' && head.nodes[index] !== 'K');
  const [found, events, pool] = await Promise.all([
    deps.tasks.get(begun.map((node) => nodeTaskId(workflow_id, node.name))),
    deps.workflows.events(workflow_id),
    deps.agents.pool(head.pool),
  ]);
  const rows = new Map(begun.map((node, index) => [node.name, found[index]]));
  const { skipped, failed } = endings(events);
  const now = deps.sources.now();
  return graph.nodes.map((node, index): RunTask => {
    const row = rows.get(node.name);
    if (row !== undefined) {
      const granted = row.distribution?.reasons ?? [];
      return fromRow(node, row, row.status === 'Queued' ? [whyQueued(row, pool.agents, now)] : granted);
    }
    const bare = { name: node.name, task_id: nodeTaskId(workflow_id, node.name), attempt: 0 };
    const error = failed.get(node.name);
    if (head.nodes[index] === 'W') return { ...bare, status: 'Waiting', reasons: [waitsFor(graph, head.nodes, node)] };
    if (head.nodes[index] === 'K')
      return { ...bare, status: 'Skipped', reasons: [skipped.get(node.name) ?? 'skipped'] };
    if (head.nodes[index] === 'F') return { ...bare, status: 'Failed', ...(error === undefined ? {} : { error }) };
    return { ...bare, status: 'Queued', reasons: ['its row is being written'] };
  });
}
