import type { BudgetView } from '../../../contracts/distributor/budget-operations.ts';
import { defaultPool } from '../../../contracts/ids.ts';
import type { AgentRow } from '../../../contracts/rows.ts';
import type { WorkflowHead } from '../../../contracts/workflow/rows.ts';
import { reservedOf } from '../../../distributor/core/dispatch/budget-limiter.ts';
import { noAmount, spentView } from '../../../distributor/core/dispatch/budget.ts';
import type { Page } from '../../../distributor/ports.ts';
import type { WorkflowDeps } from '../../ports.ts';

function viewOfBudget(head: WorkflowHead, agents: readonly AgentRow[]): BudgetView | undefined {
  const { workflow_id, name, status, budget, spent = noAmount, warned } = head;
  if (budget === undefined) return undefined;
  const amounts = { spent: spentView(spent), reserved: spentView(reservedOf(workflow_id, agents)) };
  return { workflow_id, name, status, budget, ...amounts, warned: warned === true };
}

/** The budget of a workflow with what is reserved by now; undefined when there is no such workflow, or it has none. */
export async function viewBudget(deps: WorkflowDeps, workflow_id: string): Promise<BudgetView | undefined> {
  const head = await deps.workflows.head(workflow_id);
  if (head?.budget === undefined) return undefined;
  return viewOfBudget(head, (await deps.agents.pool(head.pool)).agents);
}

/** The budgets of workflows, the newest first: a page of workflows, those without one left out. */
export async function listBudgets(deps: WorkflowDeps, limit: number, cursor?: string): Promise<Page<BudgetView>> {
  const [page, { agents }] = await Promise.all([
    deps.workflows.list(defaultPool, limit, cursor),
    deps.agents.pool(defaultPool),
  ]);
  return { ...page, items: page.items.flatMap((head) => viewOfBudget(head, agents) ?? []) };
}
