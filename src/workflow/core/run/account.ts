import type { Amount, WorkflowBudget } from '../../../contracts/distributor/budget.ts';

import type { WorkflowEvent } from '../../../contracts/workflow/workflow.ts';
import { budgetReason, limitReached, noAmount, sumOf } from '../../../distributor/core/dispatch/budget.ts';
import { isDecided, type WorkflowGraph } from './graph.ts';

/** What an attempt of a node is charged with. */
export interface Charge extends Amount {
  readonly node: string;
  readonly attempt: number;
  /** Another run of the task brought its result. */
  readonly hedge?: true;
}

/** What a step does to the budget of its workflow: what is charged to it, and which limit a dispatch found to leave no room although nothing runs. */
export interface Account {
  readonly limits: WorkflowBudget;
  readonly charges: readonly Charge[];
  readonly reached?: { readonly level: 'soft' | 'hard'; readonly reason: string };
}

/** What was spent so far, and whether it was told that the soft limit is reached. */
export interface Spending {
  readonly spent: Amount | undefined;
  readonly warned: boolean;
}

/** The event of charges; none where nothing is charged. */
export function spentEvents(charges: readonly Charge[]): WorkflowEvent[] {
  const attempts = charges.filter(({ micro_usd, tokens }) => micro_usd > 0 || tokens > 0);
  return attempts.length === 0 ? [] : [{ type: 'BudgetSpent', attempts }];
}

/** What is spent after an event. */
export function spentAfter(spent: Amount | undefined, event: WorkflowEvent & { readonly type: 'BudgetSpent' }): Amount {
  return event.attempts.reduce<Amount>(sumOf, spent ?? noAmount);
}

/** What is to be told of a budget after a charge: nothing, or the limit that is reached, the soft one once. */
export function reachedBy(account: Account, { spent = noAmount, warned }: Spending): Account['reached'] {
  const { limits, reached } = account;
  const level = reached?.level ?? limitReached(limits, spent, noAmount, true);
  if (level === undefined || (level === 'soft' && warned)) return undefined;
  return reached ?? { level, reason: budgetReason({ limits, spent }, level) };
}

/** Whether a node's task draws on the budget. What undoes work, or carries out a decision, must come to its end whatever it costs. */
export function drawsOnBudget(graph: WorkflowGraph, index: number): boolean {
  return !graph.undoes.has(index) && !isDecided(graph.scopeOf[index]);
}
