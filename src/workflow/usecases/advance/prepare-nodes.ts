import { canonicalJson } from '../../../contracts/json.ts';
import { nodeTaskId } from '../../../contracts/ids.ts';
import type { StoredJson, TaskRow } from '../../../contracts/rows.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { TaskError } from '../../../contracts/distributor/task.ts';
import { storeText } from '../../../distributor/core/tasks/stored-json.ts';
import { isTask, type TaskNode } from '../../../contracts/workflow/nodes.ts';
import { newTask } from '../../../distributor/core/tasks/task.ts';
import { drawsOnBudget } from '../../core/run/account.ts';
import { evaluate } from '../../core/expressions/evaluate.ts';
import { type WorkflowGraph } from '../../core/run/graph.ts';
import { payloadOf, valuesOf } from '../../core/run/input.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { restOf } from '../../core/run/plan.ts';
import { loadEnds, type Progress, valuesFor } from './node-values.ts';
import { loadJson } from './stored-json.ts';

/** Rows of the tasks that can start, and those whose input could not be made. */
export interface Prepared {
  readonly rows: readonly TaskRow[];
  readonly failures: readonly { readonly node: string; readonly error: TaskError }[];
}

/** Dependencies listed in a task's row. More: the row of a wide join outgrows an item; the definition has them all. */
const dependenciesShownMax = 100;

function dependenciesShown(graph: WorkflowGraph, index: number): string[] {
  return (graph.dependencies[index] ?? []).slice(0, dependenciesShownMax).map((each) => graph.nodes[each]?.name ?? '');
}

/** Where the task of a node belongs in the ready order, if it started then (epoch ms) and must have ended at `latest`. */
export function placeOf(
  head: Pick<WorkflowHead, 'priority'>,
  node: TaskNode,
  started: number,
  latest: number,
): Pick<TaskRow, 'priority' | 'deadline'> {
  const due = Math.min(latest, started + (node.deadline_ms ?? Infinity));
  const deadline = due === Infinity ? {} : { deadline: new Date(due).toISOString() };
  return { priority: head.priority ?? node.priority, ...deadline };
}

/** What a task reads: what its node declares, and the versions that its run pins. */
function readsOf({ reads }: TaskNode, { pins }: WorkflowHead): Pick<TaskRow, 'reads'> {
  if (pins === undefined) return reads === undefined ? {} : { reads };
  return { reads: [...(reads ?? []), ...pins.map(({ context_id, ...rest }) => ({ pin: context_id, ...rest }))] };
}

async function toRow(
  deps: WorkflowDeps,
  { run: { head }, graph }: Progress,
  node: TaskNode,
  text: string,
  latest: number,
): Promise<TaskRow> {
  const now = deps.sources.now();
  const task_id = nodeTaskId(head.workflow_id, node.name);
  const payload = await storeText(deps, task_id, text);
  const { retry } = node;
  const index = graph.indexOf.get(node.name) ?? -1;
  const task = {
    task_id,
    task_type: node.task_type,
    required_capabilities: node.required_capabilities,
    ...placeOf(head, node, now, latest),
    ...(node.on_expiry === undefined ? {} : { on_expiry: node.on_expiry }),
    ...(node.escalation === undefined ? {} : { escalation: node.escalation }),
    ...(node.distribution_rules === undefined ? {} : { distribution_rules: node.distribution_rules }),
    ...readsOf(node, head),
    ...(head.namespace === undefined ? {} : { namespace: head.namespace }),
    ...(node.budget === undefined ? {} : { budget: node.budget }),
    payload,
  };
  return newTask(task, {
    pool: head.pool,
    now: new Date(now).toISOString(),
    body_hash: deps.sources.hash(canonicalJson(task)),
    submitted_by: head.submitted_by,
    ...(head.submitter === undefined ? {} : { submitter: head.submitter }),
    correlation_id: head.correlation_id,
    ...(head.traceparent === undefined ? {} : { traceparent: head.traceparent }),
    ...(retry === undefined ? {} : { max_attempts: retry.max_attempts }),
    ...(retry?.backoff_ms === undefined ? {} : { backoff_ms: retry.backoff_ms }),
    ...(retry?.jitter === undefined ? {} : { jitter: retry.jitter }),
    ...(retry?.non_retryable === undefined ? {} : { non_retryable: retry.non_retryable }),
    ...(node.timeout_ms === undefined ? {} : { timeout_ms: node.timeout_ms }),
    dependencies: dependenciesShown(graph, index),
    ...(head.budget === undefined || !drawsOnBudget(graph, index) ? {} : { budgeted: true as const }),
  });
}

/** When each node must have ended for the workflow to meet its deadline (epoch ms): that, less the longest way after the node. */
export async function latestEnds(
  deps: WorkflowDeps,
  { run, graph }: Pick<Progress, 'run' | 'graph'>,
): Promise<(index: number) => number> {
  const { deadline, pool } = run.head;
  if (deadline === undefined) return () => Infinity;
  const { agents } = await deps.agents.pool(pool);
  const rest = restOf(graph, agents);
  return (index) => Date.parse(deadline) - (rest[index] ?? 0);
}

/**
 * Makes the rows of tasks that start, of these paths; other nodes are left out. Deterministic but for the time, so that a repeat makes the same rows. An input
 * expression that fails is the failure of its node only.
 */
export async function prepareNodes(
  deps: WorkflowDeps,
  progress: Progress,
  paths: readonly string[],
): Promise<Prepared> {
  const { graph } = progress;
  const nodes = paths.flatMap((path) => {
    const node = graph.nodes[graph.indexOf.get(path) ?? -1];
    return isTask(node) ? [node] : [];
  });
  const indexOf = (node: TaskNode): number => graph.indexOf.get(node.name) ?? -1;
  const latestEnd = nodes.length === 0 ? () => Infinity : await latestEnds(deps, progress);
  const values = await valuesFor(deps, progress, nodes.filter(({ input }) => input !== undefined).map(indexOf));
  const rows: TaskRow[] = [];
  const failures: { node: string; error: TaskError }[] = [];
  for (const node of nodes) {
    const payload = await payloadOf(
      node,
      node.name,
      node.input === undefined ? { input: null } : values(indexOf(node)),
    );
    if (payload.ok) rows.push(await toRow(deps, progress, node, payload.value, latestEnd(indexOf(node))));
    else
      failures.push({
        node: node.name,
        error: { code: 'input-failed', message: payload.error.message, retryable: false },
      });
  }
  return { rows, failures };
}

/** The workflow's output by its `output` expression over the nodes that end the graph; a failing expression says why instead. */
export async function workflowOutput(
  deps: WorkflowDeps,
  progress: Progress,
): Promise<{ readonly output?: StoredJson; readonly output_error?: string }> {
  const { run, graph, letters } = progress;
  const { definition } = graph;
  if (definition.output === undefined) return {};
  const [ends, input] = await Promise.all([loadEnds(deps, progress, graph.sinks), loadJson(deps, run.pinned.input)]);
  const made = await evaluate(definition.output, { input, ...valuesOf(graph, letters, graph.sinks, ends) });
  if (!made.ok) return { output_error: made.error.message };
  return { output: await storeText(deps, run.head.workflow_id, made.value) };
}
