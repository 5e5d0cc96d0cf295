import type { Outcome } from '../../../contracts/errors.ts';
import type { WorkflowUpdate } from '../../../contracts/workflow/repair.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { isFinished } from '../../core/run/state.ts';
import type { WorkflowDeps } from '../../ports.ts';
import { loadRun } from '../advance/load-run.ts';
import { moveTasks } from '../advance/move-tasks.ts';
import { finished, steer, type SteerRequest } from './steer-workflow.ts';

/**
 * Changes the priority or the deadline of a workflow that has not ended: it is written down with its event, then the waiting tasks move, one conditional write
 * each. What breaks off after the first write is taken up by the pulse. Refused with `already-finished`. A repeat changes nothing.
 */
export async function updateWorkflow(
  deps: WorkflowDeps,
  { workflow_id, principal, change }: SteerRequest & { readonly change: WorkflowUpdate },
): Promise<Outcome<WorkflowHead>> {
  const mine = { isCommitted: false };
  const outcome = await steer(deps, workflow_id, async (run) => {
    if (isFinished(run.head.status)) return finished(run);
    const deadline = change.deadline === undefined ? {} : { deadline: new Date(change.deadline).toISOString() };
    const wanted = { ...(change.priority === undefined ? {} : { priority: change.priority }), ...deadline };
    const isSo = { ...run.head, ...wanted };
    mine.isCommitted = isSo.priority !== run.head.priority || isSo.deadline !== run.head.deadline;
    if (!mine.isCommitted) return { ok: true, value: undefined };
    const command = { type: 'update' as const, by: principal, ...wanted };
    return { ok: true, value: { command, patch: { ...wanted, updated: true as const } } };
  });
  if (!outcome.ok) return outcome;
  await moveTasks(deps, await loadRun(deps, workflow_id));
  const { seq } = outcome.value;
  if (mine.isCommitted) await deps.workflows.clearAttention(workflow_id, { from: seq, to: seq });
  return outcome;
}
