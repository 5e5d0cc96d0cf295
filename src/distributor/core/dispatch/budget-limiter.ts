import { workflowOf } from '../../../contracts/ids.ts';
import type { Amount, BudgetRow } from '../../../contracts/distributor/budget.ts';
import type { AgentRow, PoolRows, ReadyTask, RouteRow } from '../../../contracts/rows.ts';
import { budgetReason, estimateOf, limitReached, noAmount, sumOf } from './budget.ts';

/** A task that its workflow's budget leaves no room for: which of its limits, and what an attempt is expected to use. */
export interface Overdraft {
  readonly task_id: string;
  readonly workflow_id: string;
  readonly level: 'soft' | 'hard';
  readonly wanted: Amount;
}

type Drawing = Pick<ReadyTask, 'task_id' | 'task_type' | 'distribution_rules'>;

/** What is left of the budgets of workflows during one round. */
export interface BudgetLimiter {
  /** Why the task's budget leaves no room for it; undefined: it may start. */
  blockOf(task: Drawing, route: RouteRow): ReturnType<typeof blockOf>;
  /** Counts a start; answers with the name of the budget and what is reserved of it. Undefined: the task draws on none. */
  take(task: Drawing, route: RouteRow): { readonly name: string; readonly reserved: Amount } | undefined;
}

/** The name of a workflow's budget among the limits that a hold counts against. */
export function budgetName(workflow_id: string): string {
  return `budget:${workflow_id}`;
}

/** What these agents' attempts reserve of a workflow's budget. */
export function reservedOf(workflow_id: string, agents: Iterable<AgentRow>): Amount {
  const name = budgetName(workflow_id);
  let sum = noAmount;
  for (const { holds } of agents)
    for (const { limits, reserved } of Object.values(holds))
      if (reserved !== undefined && limits?.includes(name) === true) sum = sumOf(sum, reserved);
  return sum;
}

function blockOf(
  task: Drawing,
  workflow_id: string,
  budget: BudgetRow,
  { wanted, reserved }: { readonly wanted: Amount; readonly reserved: Amount },
) {
  const isSoft = budget.limits.on_soft === 'wait';
  const level = limitReached(budget.limits, sumOf(budget.spent, reserved), wanted, isSoft);
  if (level === undefined) return undefined;
  const overdraft: Overdraft = { task_id: task.task_id, workflow_id, level, wanted };
  const raised = level === 'soft' ? 'somebody sets the budget again' : 'somebody sets a larger budget';
  return {
    name: budgetName(workflow_id),
    reason: `waits for the budget of its workflow: ${budgetReason(budget, level, { reserved, wanted })}`,
    would_start: `${raised}, or what runs uses less than is reserved for it`,
    overdraft,
  };
}

/** Reads what is left of budgets: what is spent is told by them, what is reserved by the holds (`agents`, read before them), and by what this round takes. */
export function openBudgets({ agents, budgets }: Pick<PoolRows, 'agents' | 'budgets'>): BudgetLimiter {
  const reserved = new Map<string, Amount>();
  const drawnOn = ({ task_id }: Drawing, route: RouteRow) => {
    const workflow_id = route.budgeted === true ? workflowOf(task_id)?.workflow_id : undefined;
    const budget = workflow_id === undefined ? undefined : budgets?.get(workflow_id);
    return workflow_id === undefined || budget === undefined ? undefined : { workflow_id, budget };
  };
  const reservedSoFar = (workflow_id: string): Amount => {
    const known = reserved.get(workflow_id) ?? reservedOf(workflow_id, agents);
    reserved.set(workflow_id, known);
    return known;
  };
  return {
    blockOf: (task, route) => {
      const { workflow_id, budget } = drawnOn(task, route) ?? {};
      if (workflow_id === undefined || budget === undefined) return undefined;
      return blockOf(task, workflow_id, budget, {
        wanted: estimateOf(task, agents),
        reserved: reservedSoFar(workflow_id),
      });
    },
    take: (task, route) => {
      const { workflow_id } = drawnOn(task, route) ?? {};
      if (workflow_id === undefined) return undefined;
      const wanted = estimateOf(task, agents);
      reserved.set(workflow_id, sumOf(reservedSoFar(workflow_id), wanted));
      return { name: budgetName(workflow_id), reserved: wanted };
    },
  };
}
