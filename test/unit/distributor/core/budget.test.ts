import { describe, expect, it } from '@jest/globals';
import { task as taskContract } from '../../../../src/contracts/distributor/task.ts';
import { workflowBudget } from '../../../../src/contracts/distributor/budget.ts';
import { budgetReason, estimateOf, limitReached, noAmount } from '../../../../src/distributor/core/dispatch/budget.ts';
import { rerouted } from '../../../../src/distributor/core/tasks/expiry.ts';
import { routeOf, routeRow } from '../../../../src/distributor/core/ready/route.ts';
import { settle } from '../../../../src/distributor/core/tasks/settle.ts';
import { taskView } from '../../../../src/distributor/core/tasks/task-view.ts';
import { processingRow, startMs } from '../rows.ts';

const usd = (dollars: number) => ({ micro_usd: dollars * 1e6, tokens: 0 });

describe('a limit', () => {
  it('has room up to the last millionth, and none when it is used up', () => {
    expect(limitReached({ usd: 1 }, usd(0.5), usd(0.5), false)).toBeUndefined();
    expect(limitReached({ usd: 1 }, usd(0.5), usd(0.500001), false)).toBe('hard');
    expect(limitReached({ usd: 1 }, usd(1), noAmount, false)).toBe('hard');
    expect(limitReached({ tokens: 5 }, usd(9), { micro_usd: 0, tokens: 5 }, false)).toBeUndefined();
  });

  it('counts at its soft share only where that is asked', () => {
    const budget = { usd: 1, soft: 0.5 };
    expect(limitReached(budget, usd(0.5), usd(0.1), false)).toBeUndefined();
    expect(limitReached(budget, usd(0.5), usd(0.1), true)).toBe('soft');
  });

  it('is told in the units that it has', () => {
    const told = budgetReason(
      { limits: { usd: 2, tokens: 5_000 }, spent: { micro_usd: 1_250_000, tokens: 4_000 } },
      'hard',
      {
        reserved: { micro_usd: 100_000, tokens: 900 },
        wanted: { micro_usd: 0, tokens: 500 },
      },
    );
    expect(told).toBe(
      '$1.25 and 4,000 tokens of $2 and 5,000 tokens spent, $0.1 and 900 tokens reserved for what runs, an attempt is expected to use $0 and 500 tokens',
    );
  });
});

describe('what an attempt is expected to use', () => {
  const figures = { completed: 3, failed: 9, log: 0, log_squared: 0, micro_usd: 10, tokens: 4 };

  it('is what the task says, else what its type used on average, else nothing', () => {
    const agents = [{ figures: { a: figures } }, { figures: { a: figures, b: figures } }, {}];
    expect(estimateOf({ task_type: 'a' }, agents)).toEqual({ micro_usd: 4, tokens: 2 });
    expect(estimateOf({ task_type: 'a', distribution_rules: { estimate: { usd: 1 } } }, agents)).toEqual({
      micro_usd: 1_000_000,
      tokens: 2,
    });
    expect(estimateOf({ task_type: 'c' }, agents)).toEqual(noAmount);
  });
});

describe('the budget of a task', () => {
  const context = { now: startMs, random: 0 };
  const failed = (dollars?: number) => ({
    ...{ outcome: 'failed' as const, attempt: 1, agent_id: 'a1' },
    ...(dollars === undefined ? {} : { usage: { usd: dollars } }),
  });

  it('lets it be tried again while it leaves room, and then no more', () => {
    const row = processingRow({ budget: { usd: 1 } });
    const first = settle(row, failed(0.6), context);
    expect(first).toMatchObject({ kind: 'retry', change: { patch: { spent: usd(0.6) } } });
    const last = settle({ ...row, spent: usd(0.6) }, failed(0.4), context);
    expect(last).toMatchObject({ kind: 'failed', code: 'budget-exceeded', change: { patch: { spent: usd(1) } } });
  });

  it('makes no attempt that is expected to pass it', () => {
    const row = processingRow({ budget: { usd: 1 }, distribution_rules: { estimate: { usd: 0.5 } } });
    expect(settle(row, failed(0.6), context)).toMatchObject({ code: 'budget-exceeded' });
    // An agent that says nothing used what was expected.
    expect(settle(row, failed(), context)).toMatchObject({ kind: 'retry', change: { patch: { spent: usd(0.5) } } });
  });

  it('is shown with all that its attempts used', () => {
    const row = processingRow({ spent: usd(0.25), used: { micro_usd: 500_000, tokens: 7 } });
    expect(taskView(row).spent).toEqual({ usd: 0.75, tokens: 7 });
    expect(taskView(row)).not.toHaveProperty('used');
  });
});

describe('contracts', () => {
  const body = { task_id: 't', task_type: 'x', priority: 'low', required_capabilities: [], payload: null };

  it('refuse a budget that limits nothing, and a wish about a soft limit that is not there', () => {
    expect(workflowBudget.safeParse({}).success).toBe(false);
    expect(workflowBudget.safeParse({ usd: 1, on_soft: 'wait' }).success).toBe(false);
    expect(workflowBudget.safeParse({ usd: 1, soft: 1 }).success).toBe(false);
    expect(taskContract.safeParse({ ...body, budget: {} }).success).toBe(false);
    expect(taskContract.safeParse({ ...body, budget: { tokens: 1 } }).success).toBe(true);
  });
});

describe('tasks under a budget', () => {
  it('stand in lanes of their own, by their workflow, wherever they are rerouted to', () => {
    const one = { task_id: 'w:a', required_capabilities: ['x'], budgeted: true } as const;
    expect(routeOf(one)).toMatch(/^x\$\d+$/);
    expect(routeOf({ ...one, task_id: 'w:b' })).toBe(routeOf(one));
    expect(routeRow('default', one)).toMatchObject({ budgeted: true });
    const row = processingRow({ task_id: 'w:a', budgeted: true, namespace: 'acme', on_expiry: { reroute: ['y'] } });
    expect(rerouted(row)?.route).toBe(routeOf({ ...one, required_capabilities: ['y'], namespace: 'acme' }));
  });
});
