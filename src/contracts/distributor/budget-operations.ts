import * as z from 'zod';
import { page, pageQuery } from '../api.ts';
import { spentView, workflowBudget } from './budget.ts';
import { userId } from '../ids.ts';
import type { Operation } from '../operation.ts';
import { workflowStatus } from '../workflow/workflow.ts';

/** A workflow's budget: its limits, what attempts that ended used of it, and what is reserved for those that run. */
export const budgetView = z.strictObject({
  workflow_id: userId,
  name: z.string(),
  status: workflowStatus,
  budget: workflowBudget,
  spent: spentView,
  reserved: spentView,
  /** It was told that the soft limit is reached. */
  warned: z.boolean(),
});
export type BudgetView = z.infer<typeof budgetView>;

/** The operations on budgets. */
export const budgetOperations: readonly Operation[] = [
  {
    id: 'listBudgets',
    method: 'get',
    path: '/v1/budgets',
    tag: 'workflows',
    summary: 'List the budgets of workflows, newest first',
    query: pageQuery,
    status: 200,
    answer: page(budgetView),
  },
  {
    id: 'getBudget',
    method: 'get',
    path: '/v1/workflows/:id/budget',
    tag: 'workflows',
    summary: 'Read the budget of a workflow',
    params: { id: userId },
    status: 200,
    answer: budgetView,
  },
  {
    id: 'setBudget',
    method: 'post',
    path: '/v1/workflows/:id/budget',
    tag: 'workflows',
    summary: 'Set the budget of a workflow that runs anew',
    params: { id: userId },
    body: workflowBudget,
    status: 200,
    answer: budgetView,
  },
];
