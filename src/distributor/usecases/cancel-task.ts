import { type Outcome, refused } from '../../contracts/errors.ts';
import { workflowOf } from '../../contracts/ids.ts';
import type { TaskRow } from '../../contracts/rows.ts';
import { cancelChange, holdKey } from '../core/task.ts';
import type { DistributorDeps } from '../ports.ts';

/** Times a cancellation looks again after somebody else changed the task first. */
const racesMax = 5;

/** Frees the slot of a task that was running and tells its agent to stop. */
async function stopAgent(deps: DistributorDeps, row: TaskRow, reason: string): Promise<void> {
  if (row.status !== 'Processing' || row.assigned_agent === undefined) return;
  const agent = await deps.agents.release(row.pool, row.assigned_agent, [holdKey(row.task_id, row.attempt)]);
  if (agent === undefined) return;
  await deps.messenger.send([
    { inbox_url: agent.inbox_url, message: { kind: 'cancel', task_id: row.task_id, attempt: row.attempt, reason } },
  ]);
  if (agent.wanted.length > 0) await deps.messenger.hint([{ pool: row.pool, routes: [...agent.wanted] }]);
}

/** Cancels a task that has not ended; a running one is told to stop and its result will be refused. A workflow's task goes with its workflow. */
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
    if (row.status === 'Cancelled') return { ok: true, value: row };
    if (row.status !== 'Queued' && row.status !== 'Processing')
      return refused('already-finished', `the task is ${row.status}`, 'task_id');
    const now = deps.sources.now();
    const [changed] = await deps.tasks.change([cancelChange(row, { now, reason: request.reason })]);
    if (changed?.applied !== true) continue;
    await stopAgent(deps, row, request.reason);
    const data = { task_id: row.task_id, by: request.principal, cancelled_at: new Date(now).toISOString() };
    await deps.messenger.announce([
      { type: 'TaskCancelled', data, correlation_id: row.correlation_id, causation_id: row.task_id },
    ]);
    return { ok: true, value: { ...row, status: 'Cancelled' } };
  }
  return refused('version-conflict');
}
