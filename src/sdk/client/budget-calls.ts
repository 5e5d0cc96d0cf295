import type { BudgetView } from '../../contracts/distributor/budget-operations.ts';
import type { WorkflowBudget } from '../../contracts/distributor/budget.ts';
import type { ApiTransport } from './api-transport.ts';
import type { ClientPage, PageOptions } from './page.ts';

/** Calls about the budgets of workflows. */
export function budgetCalls(call: ApiTransport) {
  const path = (id: string) => `/v1/workflows/${encodeURIComponent(id)}/budget`;
  return {
    /** The budgets of workflows, newest first. A page may be empty while more follow: workflows without a budget are left out. */
    listBudgets: async (options: PageOptions = {}) =>
      (await call({ method: 'GET', path: '/v1/budgets', query: { ...options } })) as ClientPage<BudgetView>,
    /** The budget of a workflow: its limits, what is spent, and what is reserved for what runs. */
    getBudget: async (id: string) => (await call({ method: 'GET', path: path(id) })) as BudgetView,
    /** Sets the budget of a workflow that runs anew, as a whole: without `soft` nothing waits for people any more. */
    setBudget: async (id: string, budget: WorkflowBudget) =>
      (await call({ method: 'POST', path: path(id), body: budget })) as BudgetView,
  };
}
