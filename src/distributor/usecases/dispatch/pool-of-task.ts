import { workflowOf } from '../../../contracts/ids.ts';
import type { PoolRows, TaskRow } from '../../../contracts/rows.ts';
import type { DistributorDeps } from '../../ports.ts';

/** The pool of a task as a decision about it would see it: with the budget that it draws on. */
export async function readPoolOf(
  deps: Pick<DistributorDeps, 'agents' | 'budgets'>,
  { pool, task_id, budgeted }: Pick<TaskRow, 'pool' | 'task_id' | 'budgeted'>,
): Promise<PoolRows> {
  const rows = await deps.agents.pool(pool);
  const workflow = budgeted === true ? workflowOf(task_id) : undefined;
  return workflow === undefined ? rows : { ...rows, budgets: await deps.budgets.get([workflow.workflow_id]) };
}
