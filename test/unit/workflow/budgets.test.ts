import { describe, expect, it } from '@jest/globals';
import type { WorkflowBudget } from '../../../src/contracts/distributor/budget.ts';
import { failWorkflowTask } from '../../../src/workflow/usecases/advance/fail-task.ts';
import { failChange } from '../../../src/distributor/core/tasks/settle.ts';
import { overdrawBudget } from '../../../src/workflow/usecases/advance/overdraw-budget.ts';
import { setBudget } from '../../../src/workflow/usecases/steer/set-budget.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { replay } from '../../../src/workflow/core/run/reducer.ts';
import { workflowDefinition, type WorkflowDefinitionInput } from '../../../src/contracts/workflow/workflow.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const pair = (budget: WorkflowBudget, more: object = {}): WorkflowDefinitionInput => ({
  name: 'pair',
  budget,
  nodes: [
    { name: 'a', task_type: 'work', ...more },
    { name: 'b', task_type: 'work', depends_on: ['a'], ...more },
  ],
});

async function begun(definition: WorkflowDefinitionInput) {
  const stage = createWorkflowStage();
  await stage.register('ann');
  await stage.submit('w', definition);
  const head = async () => (await stage.deps.workflows.head('w'))!;
  const spent = async () => (await head()).spent;
  const told = () => stage.announced.flatMap((news) => (news.type === 'BudgetReached' ? [news.data.level] : []));
  const fold = async () => {
    const events = (await stage.deps.workflows.events('w')).flatMap((row) => row.events);
    return replay(workflowDefinition.parse(definition), events);
  };
  /** Claims a node as a dispatch does that reserves for it. */
  const claim = async (node: string, micro_usd: number, tokens = 0) => {
    const row = await stage.claim('w', node);
    const expect_ = { status: 'Processing', attempt: row.attempt } as const;
    const reserved = { micro_usd, tokens };
    await stage.deps.tasks.change([{ task_id: row.task_id, expect: expect_, patch: { reserved }, index: null }]);
    return { ...row, reserved };
  };
  return { ...stage, head, spent, told, fold, claim };
}

describe('the budget of a workflow', () => {
  it('is charged with what attempts report, in the step that ends them, and once', async () => {
    const stage = await begun(pair({ usd: 1, tokens: 1_000 }));
    const row = await stage.claim('a', 500_000);
    const sent = stage.resultOf(row, { usage: { usd: 0.25, tokens: 40 } });
    await settleWorkflowTasks(stage.deps, 'w', [sent]);
    expect(await stage.spent()).toEqual({ micro_usd: 250_000, tokens: 40 });
    expect((await settleWorkflowTasks(stage.deps, 'w', [sent])).outcomes).toEqual(['repeated']);
    expect(await stage.spent()).toEqual({ micro_usd: 250_000, tokens: 40 });
    expect((await stage.fold()).spent).toEqual(await stage.spent());
  });

  it('is charged with what was reserved when an agent says nothing, or is lost', async () => {
    const stage = await begun(pair({ usd: 5 }, { retry: { max_attempts: 3 } }));
    const row = await stage.claim('a', 400_000);
    const lost = { task_id: row.task_id, attempt: 1, outcome: 'failed' as const };
    await settleWorkflowTasks(stage.deps, 'w', [{ result: lost, agent_id: 'ann', cause: 'lease-lost' }]);
    expect(await stage.spent()).toEqual({ micro_usd: 400_000, tokens: 0 });
    // What the lost agent reports after all is late: it is in that already.
    const late = stage.resultOf(row, { usage: { usd: 3 } });
    expect((await settleWorkflowTasks(stage.deps, 'w', [late])).outcomes).toEqual(['late']);
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(await stage.claim('a', 100_000))]);
    expect(await stage.spent()).toEqual({ micro_usd: 500_000, tokens: 0 });
  });

  it('costs a hand-back no more than it says', async () => {
    const stage = await begun(pair({ usd: 5 }));
    const row = await stage.claim('a', 400_000);
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row, { outcome: 'released' })]);
    expect(await stage.spent()).toBeUndefined();
  });

  it('stops the tree in the very step that reaches the hard limit, and says why', async () => {
    const stage = await begun(pair({ usd: 1 }));
    const row = await stage.claim('a', 0);
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row, { usage: { usd: 1.5 } })]);
    const head = await stage.head();
    expect(head.status).toBe('Partially Complete');
    expect(head.cancel_reason).toBe('the budget is used up: $1.5 of $1 spent');
    expect(stage.told()).toEqual(['hard']);
    expect((await stage.deps.tasks.get(['w:b']))[0]).toBeUndefined();
    expect((await stage.fold()).nodes).toBe(head.nodes);
  });

  it('cancels what runs beside, and charges it with what was reserved', async () => {
    const nodes = ['a', 'b'].map((name) => ({ name, task_type: 'work' }));
    const stage = await begun({ name: 'beside', budget: { usd: 1 }, nodes });
    const [a] = [await stage.claim('a', 100_000), await stage.claim('b', 300_000)];
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(a, { usage: { usd: 1 } })]);
    expect(await stage.spent()).toEqual({ micro_usd: 1_300_000, tokens: 0 });
    expect((await stage.deps.tasks.get(['w:b']))[0]?.status).toBe('Cancelled');
    expect(stage.sent.map(({ message }) => message.kind)).toEqual(['cancel']);
  });

  it('does not stop a workflow whose last task went beyond it', async () => {
    const stage = await begun({ name: 'one', budget: { usd: 1 }, nodes: [{ name: 'a', task_type: 'work' }] });
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(await stage.claim('a', 0), { usage: { usd: 2 } })]);
    expect(await stage.head()).toMatchObject({ status: 'Completed', spent: { micro_usd: 2_000_000 } });
  });

  it('tells of its soft limit once', async () => {
    const stage = await begun(pair({ usd: 1, soft: 0.5 }, { retry: { max_attempts: 5 } }));
    for (const usd of [0.6, 0.1, 0.1]) {
      const failed = { outcome: 'failed' as const, usage: { usd } };
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(await stage.claim('a', 0), failed)]);
    }
    expect(stage.told()).toEqual(['soft']);
    expect((await stage.head()).status).toBe('In Progress');
  });

  it('is charged when a running task is killed', async () => {
    const stage = await begun(pair({ usd: 5 }));
    await stage.claim('a', 200_000);
    const error = { code: 'killed', message: 'no', retryable: false };
    await failWorkflowTask(stage.deps, 'w:a', (row, now) => failChange(row, error, now));
    expect(await stage.spent()).toEqual({ micro_usd: 200_000, tokens: 0 });
  });

  it('lets what undoes work come to its end whatever it costs', async () => {
    const undo = { compensate_with: { task_type: 'undo' } };
    const nodes = [
      { name: 'a', task_type: 'work', ...undo },
      { name: 'b', task_type: 'work', depends_on: ['a'], on_error: 'compensate' as const, retry: { max_attempts: 1 } },
    ];
    const stage = await begun({ name: 'saga', budget: { usd: 1 }, nodes });
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(await stage.claim('a', 0), { usage: { usd: 0.5 } })]);
    const failed = { outcome: 'failed' as const, usage: { usd: 2 } };
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(await stage.claim('b', 0), failed)]);
    expect((await stage.rowOf('w', 'a:compensate')).budgeted).toBeUndefined();
    await stage.run('w', 'a:compensate');
    expect(await stage.head()).toMatchObject({ status: 'Failed', compensation: 'completed' });
  });
});

describe('a budget that leaves no room while nothing runs', () => {
  const wanted = { micro_usd: 600_000, tokens: 0 };

  it('stops the workflow with the task that it cannot pay for', async () => {
    const stage = await begun(pair({ usd: 1 }));
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(await stage.claim('a', 0), { usage: { usd: 0.5 } })]);
    const overdraft = { task_id: 'w:b', workflow_id: 'w', level: 'hard', wanted } as const;
    await overdrawBudget(stage.deps, overdraft);
    await overdrawBudget(stage.deps, overdraft);
    expect(await stage.rowOf('w', 'b')).toMatchObject({ status: 'Failed', error: { code: 'budget-exceeded' } });
    expect(await stage.head()).toMatchObject({
      status: 'Partially Complete',
      cancel_reason: 'the budget is used up: $0.5 of $1 spent, an attempt is expected to use $0.6',
    });
    expect(stage.told()).toEqual(['hard']);
  });

  it('does nothing when it was raised meanwhile', async () => {
    const stage = await begun(pair({ usd: 0.5 }));
    await setBudget(stage.deps, { workflow_id: 'w', principal: 'ann', budget: { usd: 1 } });
    await overdrawBudget(stage.deps, { task_id: 'w:a', workflow_id: 'w', level: 'hard', wanted });
    expect((await stage.rowOf('w', 'a')).status).toBe('Queued');
  });

  it('tells once that it waits at its soft limit, and again when the budget was set again', async () => {
    const budget = { usd: 1, soft: 0.5, on_soft: 'wait' } as const;
    const stage = await begun(pair(budget));
    const overdraft = { task_id: 'w:a', workflow_id: 'w', level: 'soft', wanted } as const;
    await overdrawBudget(stage.deps, overdraft);
    await overdrawBudget(stage.deps, overdraft);
    expect(stage.told()).toEqual(['soft']);
    await setBudget(stage.deps, { workflow_id: 'w', principal: 'ann', budget: { ...budget, soft: 0.55 } });
    await overdrawBudget(stage.deps, overdraft);
    expect(stage.told()).toEqual(['soft', 'soft']);
  });
});

describe('setting a budget', () => {
  it('is refused where tasks were handed out unasked, and where it is over', async () => {
    const stage = await begun({ name: 'free', nodes: [{ name: 'a', task_type: 'work' }] });
    const request = { workflow_id: 'w', principal: 'ann', budget: { usd: 1 } };
    expect(await setBudget(stage.deps, request)).toMatchObject({ ok: false, error: { code: 'invalid-input' } });
    await stage.run('w', 'a');
    expect(await setBudget(stage.deps, request)).toMatchObject({ ok: false, error: { code: 'already-finished' } });
  });
});
