import * as z from 'zod';
import { attemptTokensMax, attemptUsdMax, budgetTokensMax, budgetUsdMax } from '../limits.ts';

/** What an attempt used, as its agent counts it, or what one is expected to use. */
export const usage = z.strictObject({
  usd: z.number().nonnegative().max(attemptUsdMax).optional(),
  tokens: z.int().nonnegative().max(attemptTokensMax).optional(),
});
export type Usage = z.infer<typeof usage>;

/** Hard limits. Dollars are counted in millionths. */
const hard = {
  usd: z.number().min(1e-6).max(budgetUsdMax).optional(),
  tokens: z.int().positive().max(budgetTokensMax).optional(),
};
const namesLimit = ({ usd, tokens }: { readonly usd?: number | undefined; readonly tokens?: number | undefined }) =>
  usd !== undefined || tokens !== undefined;

/** What all attempts of one task may use: when it is used up, no other attempt is made. */
export const taskBudget = z.strictObject(hard).refine(namesLimit, 'give usd, tokens or both');
export type TaskBudget = z.infer<typeof taskBudget>;

/**
 * What all tasks of a workflow may use, those inside other nodes included. `soft` is the share of it at which somebody is told, once (`warn`), or at which nothing more
 * starts until the budget is set again (`wait`).
 */
export const workflowBudget = z
  .strictObject({
    ...hard,
    soft: z.number().gt(0).lt(1).optional(),
    on_soft: z.enum(['warn', 'wait']).optional(),
  })
  .refine(namesLimit, 'give usd, tokens or both')
  .refine(({ soft, on_soft }) => on_soft === undefined || soft !== undefined, {
    error: 'needs soft, the share at which it counts',
    path: ['on_soft'],
  });
export type WorkflowBudget = z.infer<typeof workflowBudget>;

/** Dollars and tokens as people are told. */
export const spentView = z.strictObject({ usd: z.number().nonnegative(), tokens: z.int().nonnegative() });
export type SpentView = z.infer<typeof spentView>;

/** Money and tokens, as whole numbers: millionths of a dollar, tokens of models. */
export interface Amount {
  readonly micro_usd: number;
  readonly tokens: number;
}

/** A workflow's budget as a dispatch sees it. */
export interface BudgetRow {
  readonly limits: WorkflowBudget;
  /** By attempts that have ended. */
  readonly spent: Amount;
  /** It was told that the soft limit is reached. */
  readonly warned: boolean;
}

/** What a task's row tells of money and tokens. */
export interface TaskCosts {
  /** Limits of all its attempts together. */
  readonly budget?: TaskBudget;
  /** It draws on the budget of its workflow. */
  readonly budgeted?: true;
  /** What was reserved of that budget for its newest attempt. */
  readonly reserved?: Amount;
  /** What its attempts used that did not complete it. */
  readonly spent?: Amount;
  /** What the attempt used that completed it. */
  readonly used?: Amount;
}
