import type { Json } from '../../../contracts/json.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import type { WorkflowView } from '../../../contracts/workflow/workflow.ts';
import { noAmount, spentView } from '../../../distributor/core/dispatch/budget.ts';
import { countNodes, isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { loadJson } from '../advance/stored-json.ts';

/** From the start of the first nodes to the end of the last one, in milliseconds; undefined while it runs. */
export function makespanMs(head: Pick<WorkflowHead, 'started_at' | 'completed_at'>): number | undefined {
  if (head.completed_at === undefined) return undefined;
  return Math.max(0, Date.parse(head.completed_at) - Date.parse(head.started_at ?? head.completed_at));
}

/** True for a cancelled run whose tasks may still have time: nothing of it is undone by now. */
function mayWindDown({ status, compensation = 'requested' }: WorkflowHead): boolean {
  return !isFinished(status) && compensation === 'requested';
}

/** A head as every surface shows it. */
export async function viewOf(deps: Pick<WorkflowDeps, 'blobs'>, head: WorkflowHead): Promise<WorkflowView> {
  const makespan_ms = makespanMs(head);
  const output = (await loadJson(deps, head.output)) as Json | undefined;
  const error = head.output_error ?? head.cancel_reason;
  return {
    workflow_id: head.workflow_id,
    name: head.name,
    ...(head.definition === undefined ? {} : { definition: head.definition }),
    ...(head.version === undefined ? {} : { version: head.version }),
    status: head.status,
    created_at: head.created_at,
    ...(head.deadline === undefined ? {} : { deadline: head.deadline }),
    ...(head.priority === undefined ? {} : { priority: head.priority }),
    ...(head.started_at === undefined ? {} : { started_at: head.started_at }),
    ...(head.completed_at === undefined ? {} : { completed_at: head.completed_at }),
    ...(makespan_ms === undefined ? {} : { makespan_ms }),
    nodes: countNodes(head.nodes),
    ...(head.cancel_until === undefined || !mayWindDown(head) ? {} : { cancel_until: head.cancel_until }),
    ...(head.paused === true ? { paused: true as const } : {}),
    ...(head.namespace === undefined ? {} : { namespace: head.namespace }),
    ...(head.signals === undefined || head.signals.length === 0 ? {} : { kept_signals: [...head.signals] }),
    ...(head.compensation === undefined ? {} : { compensation: head.compensation }),
    ...(head.budget === undefined ? {} : { budget: head.budget, spent: spentView(head.spent ?? noAmount) }),
    ...(head.rerun_of === undefined ? {} : { rerun_of: head.rerun_of }),
    ...(head.pins === undefined ? {} : { pins: [...head.pins] }),
    warnings: [...head.warnings],
    ...(output === undefined ? {} : { output }),
    ...(error === undefined ? {} : { error }),
  };
}

/** A workflow as every surface shows it; undefined when there is none. */
export async function viewWorkflow(deps: WorkflowDeps, workflow_id: string): Promise<WorkflowView | undefined> {
  const head = await deps.workflows.head(workflow_id);
  return head === undefined ? undefined : viewOf(deps, head);
}
