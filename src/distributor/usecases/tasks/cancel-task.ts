import { type Outcome, refused } from '../../../contracts/errors.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import { runsOf } from '../../core/tasks/runs.ts';
import { stopRuns } from '../../core/tasks/stop-runs.ts';
import { cancelChange } from '../../core/tasks/task.ts';
import type { DistributorDeps } from '../../ports.ts';

/** Times a cancellation looks again after somebody else changed the task first. */
const racesMax = 5;

/** Cancels a task that has not ended; a running one is told to stop and its result will be refused. A repeat finishes what broke off. A workflow's task goes with its workflow. */
export async function cancelTask(
  deps: DistributorDeps,
  request: { readonly task_id: string; readonly principal: string; readonly reason: string },
): Promise<Outcome<TaskRow>> {
  const workflow = workflowOf(request.task_id);
  if (workflow !== undefined) {
    return refused(
      'invalid-input',
      `this task belongs to the workflow ${workflow.workflow_id}: cancel that one`,
      'task_id',
    );
  }
  for (let race = 0; race < racesMax; race += 1) {
    const [row] = await deps.tasks.get([request.task_id]);
    if (row === undefined) return refused('not-found', `no task has the id ${request.task_id}`, 'task_id');
    if (row.status === 'Cancelled') {
      await stopRuns(deps, runsOf(row), request.reason);
      return { ok: true, value: row };
    }
    if (row.status !== 'Queued' && row.status !== 'Processing')
      return refused('already-finished', `the task is ${row.status}`, 'task_id');
    const now = deps.sources.now();
    const [changed] = await deps.tasks.change([cancelChange(row, { now, reason: request.reason })]);
    if (changed?.applied !== true) continue;
    await stopRuns(deps, runsOf(row), request.reason);
    const data = { task_id: row.task_id, by: request.principal, cancelled_at: new Date(now).toISOString() };
    await deps.messenger.announce([
      { type: 'TaskCancelled', data, correlation_id: row.correlation_id, causation_id: row.task_id },
    ]);
    return { ok: true, value: { ...row, status: 'Cancelled' } };
  }
  return refused('version-conflict');
}
