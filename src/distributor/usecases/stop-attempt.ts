import type { TaskRow } from '../../contracts/rows.ts';
import { holdKey } from '../core/task.ts';
import type { DistributorDeps } from '../ports.ts';

/**
 * Frees the slot of a task that was ended while it ran (`row`: as it was before) and tells its agent to stop. The row is settled already, so a lost message costs only
 * work, and a repeat changes nothing.
 */
export async function stopAttempt(deps: DistributorDeps, row: TaskRow, reason: string): Promise<void> {
  const { pool, task_id, attempt, assigned_agent } = row;
  if (assigned_agent === undefined) return;
  const agent = await deps.agents.release(pool, assigned_agent, [holdKey(task_id, attempt)]);
  if (agent === undefined) return;
  await deps.messenger.send([{ inbox_url: agent.inbox_url, message: { kind: 'cancel', task_id, attempt, reason } }]);
  if (agent.wanted.length > 0) await deps.messenger.hint([{ pool, routes: [...agent.wanted] }]);
}
