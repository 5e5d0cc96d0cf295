import { nodeTaskId } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { WorkflowEventRow, WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import type { RunTask } from '../../../contracts/workflow/workflow.ts';
import { isTask, type WorkflowNode } from '../../../contracts/workflow/nodes.ts';
import { noAmount } from '../../../distributor/core/dispatch/budget.ts';
import { whyQueued } from '../../../distributor/core/explain/why-queued.ts';
import type { WorkflowGraph } from '../../core/run/graph.ts';
import { hasEnded, nodeStatusOf, type NodeLetter } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { findRun, graphOfRun } from '../advance/load-run.ts';

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

function waitsFor(graph: WorkflowGraph, letters: string, index: number): string {
  const open = (graph.dependencies[index] ?? [])
    .filter((each) => !hasEnded(letters[each]))
    .map((each) => graph.nodes[each]?.name ?? '');
  const more = open.length > namesShownMax ? ` and ${open.length - namesShownMax} more` : '';
  return open.length === 0 ? 'its turn has not come' : `waits for ${open.slice(0, namesShownMax).join(', ')}${more}`;
}

/** Why a node that is no task has not ended. */
function goesOn(graph: WorkflowGraph, index: number, letter: NodeLetter): string {
  if (letter === 'P') return 'waits for its next try';
  const node = graph.nodes[index];
  if (graph.scopesIn.has(index)) return 'waits for the nodes inside it';
  if (node?.kind === 'approval') return 'waits for people';
  if (node?.kind !== 'event') return 'waits for its time';
  const names = node.events.map(({ name }) => name).join(', ');
  return node.timer === undefined ? `waits for ${names}` : `waits for ${names}, or for its time`;
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

/** A node without a task of its own, or whose task's row is not there. */
function withoutRow(
  graph: WorkflowGraph,
  { workflow_id, nodes, rerun_of = '' }: WorkflowHead,
  index: number,
  { skipped, failed }: ReturnType<typeof endings>,
): RunTask {
  const node = graph.nodes[index] as WorkflowNode;
  const { name } = node;
  const kind = isTask(node) ? {} : { kind: node.kind };
  const bare = { name, ...kind, task_id: nodeTaskId(workflow_id, name), attempt: 0 };
  const error = failed.get(name);
  const letter = nodes[index] as NodeLetter;
  switch (nodeStatusOf[letter]) {
    case 'Waiting':
      return { ...bare, status: 'Waiting', reasons: [waitsFor(graph, nodes, index)] };
    case 'Skipped':
      return { ...bare, status: 'Skipped', reasons: [skipped.get(name) ?? 'skipped'] };
    case 'Failed':
      return { ...bare, status: 'Failed', ...(error === undefined ? {} : { error }) };
    case 'Started':
      if (isTask(node)) return { ...bare, status: 'Queued', reasons: ['its row is being written'] };
      return {
        ...bare,
        status: 'Processing',
        reasons: [goesOn(graph, index, letter)],
      };
    case 'Completed':
      if (letter === 'R') return { ...bare, status: 'Completed', reasons: [`taken over from ${rerun_of}`] };
      return { ...bare, status: 'Completed' };
    case 'Cancelled':
      return { ...bare, status: nodeStatusOf[letter] };
  }
}

/** The nodes of a run in the graph's order, each with its times, its agent, and the reason why it waits or was skipped; undefined when there is no such run. */
export async function listRunTasks(deps: WorkflowDeps, workflow_id: string): Promise<RunTask[] | undefined> {
  const run = await findRun(deps, workflow_id);
  if (run === undefined) return undefined;
  const { head } = run;
  const graph = graphOfRun(run);
  const begun = graph.nodes.filter((node, index) => isTask(node) && !'WKNR'.includes(head.nodes[index] ?? 'W'));
  const [found, events, pool] = await Promise.all([
    deps.tasks.get(begun.map((node) => nodeTaskId(workflow_id, node.name))),
    deps.workflows.events(workflow_id),
    deps.agents.pool(head.pool),
  ]);
  const rows = new Map(begun.map((node, index) => [node.name, found[index]]));
  const { budget: limits, spent = noAmount, warned = false } = head;
  const known = limits === undefined ? pool : { ...pool, budgets: new Map([[workflow_id, { limits, spent, warned }]]) };
  const { skipped, failed } = endings(events);
  const now = deps.sources.now();
  return graph.nodes.map((node, index): RunTask => {
    const row = rows.get(node.name);
    if (row !== undefined) {
      const granted = row.distribution?.reasons ?? [];
      return fromRow(node, row, row.status === 'Queued' ? [whyQueued(row, known, now)] : granted);
    }
    return withoutRow(graph, head, index, { skipped, failed });
  });
}
