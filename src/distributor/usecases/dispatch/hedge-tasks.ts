import type { Announcement } from '../../../contracts/events.ts';
import { workflowOf } from '../../../contracts/ids.ts';
import { hedgeLookMs } from '../../../contracts/limits.ts';
import type { TaskRow } from '../../../contracts/rows.ts';
import type { Grant } from '../../core/dispatch/assignment.ts';
import { decideHedges, hedgeTask } from '../../core/tasks/decide-hedges.ts';
import { hedgeLaterChange } from '../../core/tasks/hedge.ts';
import { holdKey } from '../../core/agents/hold.ts';
import type { DistributorDeps, Woken } from '../../ports.ts';
import { handOut, type HandOutDeps } from './hand-out.ts';
import { type Faults, faultNews, scoreAgents } from './score-agents.ts';

/** What hedging needs of all that use cases are given. */
export type HedgeDeps = HandOutDeps & Pick<DistributorDeps, 'budgets'>;

function newsOf({ attempt, agent, beside }: Grant, now: number): Announcement[] {
  if (beside === undefined) return [];
  const { task_id, attempt: first_attempt, assigned_agent = '', correlation_id } = beside.row;
  const hedged_at = new Date(now).toISOString();
  const data = { task_id, attempt, agent_id: agent.agent_id, first_attempt, first_agent_id: assigned_agent, hedged_at };
  return [{ type: 'TaskHedged', data, correlation_id, causation_id: holdKey(task_id, first_attempt) }];
}

/**
 * Gives tasks that have run long enough a second run on another agent, where one has a slot for which nobody waits; the others are looked at again after `hedgeLookMs`, while they
 * run. A task whose budget has no room for it is left alone. What breaks off here is found by the next pulse.
 */
export async function hedgeTasks(deps: HedgeDeps, pool_id: string, rows: readonly TaskRow[]): Promise<Woken> {
  const agents = await deps.agents.pool(pool_id);
  // After the agents, as every round reads them.
  const budgeted = rows.filter((row) => row.budgeted === true);
  const budgets = await deps.budgets.get(budgeted.flatMap(({ task_id }) => workflowOf(task_id)?.workflow_id ?? []));
  const pool = { ...agents, budgets };
  const now = deps.sources.now();
  const faults: Faults = new Map();
  const { customScores } = await scoreAgents(deps, pool, rows.map(hedgeTask), faults);
  const plan = decideHedges({ now, pool, rows, customScores });
  const { claimed } = await handOut(deps, pool, plan, now);
  await deps.tasks.change([
    ...plan.waiting.map((row) => hedgeLaterChange(row, now + hedgeLookMs)),
    ...plan.forgone.map((row) => hedgeLaterChange(row, undefined)),
  ]);
  const announcements = [...claimed.flatMap((each) => newsOf(each, now)), ...faultNews(pool, faults)];
  return { count: claimed.length, hints: [], announcements };
}
