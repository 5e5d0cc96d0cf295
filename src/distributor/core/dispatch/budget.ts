import type {
  Amount,
  BudgetRow,
  SpentView,
  TaskBudget,
  Usage,
  WorkflowBudget,
} from '../../../contracts/distributor/budget.ts';
import type { AgentRow, TaskRow } from '../../../contracts/rows.ts';
import type { DistributionRules } from '../../../contracts/distributor/task.ts';

const microPerUsd = 1_000_000;

/** No money and no tokens. */
export const noAmount: Amount = { micro_usd: 0, tokens: 0 };

// Kept where numbers are exact, whatever agents report.
const added = (one: number, other: number): number => Math.min(Number.MAX_SAFE_INTEGER, one + other);

/** Both together. */
export function sumOf(one: Amount, other: Amount): Amount {
  return { micro_usd: added(one.micro_usd, other.micro_usd), tokens: added(one.tokens, other.tokens) };
}

/** What was reported; `otherwise` stands for what was not. */
export function amountOf(usage: Usage | undefined, otherwise: Amount = noAmount): Amount {
  return {
    micro_usd: usage?.usd === undefined ? otherwise.micro_usd : Math.round(usage.usd * microPerUsd),
    tokens: usage?.tokens ?? otherwise.tokens,
  };
}

/** As people are told. */
export function spentView({ micro_usd, tokens }: Amount): SpentView {
  return { usd: micro_usd / microPerUsd, tokens };
}

/** What an attempt is charged with that ended: what its agent reported, and what was expected of it where it said nothing. One that was handed back did perhaps nothing. */
export function chargeOf(
  { reserved, distribution_rules, hedge }: Pick<TaskRow, 'reserved' | 'distribution_rules' | 'hedge'>,
  {
    outcome,
    attempt,
    usage,
  }: {
    readonly outcome: 'completed' | 'failed' | 'released';
    readonly attempt: number;
    readonly usage?: Usage | undefined;
  },
): Amount {
  if (outcome === 'released') return amountOf(usage);
  const expected = hedge?.attempt === attempt ? hedge.reserved : reserved;
  return amountOf(usage, expected ?? amountOf(distribution_rules?.estimate));
}

/** What an attempt of a task is expected to use: as it says itself, else what attempts of its type used on average on these agents. */
export function estimateOf(
  {
    task_type,
    distribution_rules,
  }: { readonly task_type: string; readonly distribution_rules?: DistributionRules | undefined },
  agents: readonly Pick<AgentRow, 'figures'>[],
): Amount {
  const { estimate } = distribution_rules ?? {};
  if (estimate?.usd !== undefined && estimate.tokens !== undefined) return amountOf(estimate);
  let completed = 0;
  let sum = noAmount;
  for (const { figures } of agents) {
    const known = figures?.[task_type];
    if (known === undefined) continue;
    completed += known.completed;
    sum = sumOf(sum, known);
  }
  const mean = (total: number): number => (completed <= 0 ? 0 : Math.ceil(total / completed));
  return amountOf(estimate, { micro_usd: mean(sum.micro_usd), tokens: mean(sum.tokens) });
}

/** Limits, as far as there are any. */
function limitsOf({ usd, tokens }: TaskBudget, share = 1): Partial<Amount> {
  return {
    ...(usd === undefined ? {} : { micro_usd: Math.floor(usd * microPerUsd * share) }),
    ...(tokens === undefined ? {} : { tokens: Math.floor(tokens * share) }),
  };
}

/** Whether `used` leaves no room for `wanted`: it would pass a limit, or one is reached. */
function isFull(limits: Partial<Amount>, used: Amount, wanted: Amount): boolean {
  return (['micro_usd', 'tokens'] as const).some((unit) => {
    const limit = limits[unit];
    return limit !== undefined && (used[unit] >= limit || used[unit] + wanted[unit] > limit);
  });
}

/** True when a task's own budget leaves no room for an attempt that is expected to use so much. */
export function isSpent(budget: TaskBudget, used: Amount, wanted: Amount): boolean {
  return isFull(limitsOf(budget), used, wanted);
}

/** Which limit of a workflow's budget leaves no room for `wanted`; the soft one counts only where `isSoft` says so. */
export function limitReached(
  limits: WorkflowBudget,
  used: Amount,
  wanted: Amount,
  isSoft: boolean,
): 'soft' | 'hard' | undefined {
  if (isFull(limitsOf(limits), used, wanted)) return 'hard';
  return isSoft && limits.soft !== undefined && isFull(limitsOf(limits, limits.soft), used, wanted)
    ? 'soft'
    : undefined;
}

const dollars = (micro_usd: number): string => `$${Number((micro_usd / microPerUsd).toFixed(6))}`;

/** An amount in the units that a budget limits: `$1.2 and 3,000 tokens`. */
function told(amount: Partial<Amount>, { usd, tokens }: TaskBudget): string {
  const parts = [
    ...(usd === undefined ? [] : [dollars(amount.micro_usd ?? 0)]),
    ...(tokens === undefined ? [] : [`${(amount.tokens ?? 0).toLocaleString('en')} tokens`]),
  ];
  return parts.join(' and ');
}

/** How a budget stands against what is wanted of it, in words. */
export function budgetReason(
  { limits, spent }: Pick<BudgetRow, 'limits' | 'spent'>,
  level: 'soft' | 'hard',
  { reserved = noAmount, wanted = noAmount }: { readonly reserved?: Amount; readonly wanted?: Amount } = {},
): string {
  const share = level === 'soft' ? (limits.soft ?? 1) : 1;
  const limit = `${told(limitsOf(limits, share), limits)}${level === 'soft' ? ' (its soft limit)' : ''}`;
  const isSome = ({ micro_usd, tokens }: Amount): boolean => micro_usd > 0 || tokens > 0;
  return [
    `${told(spent, limits)} of ${limit} spent`,
    ...(isSome(reserved) ? [`${told(reserved, limits)} reserved for what runs`] : []),
    ...(isSome(wanted) ? [`an attempt is expected to use ${told(wanted, limits)}`] : []),
  ].join(', ');
}
