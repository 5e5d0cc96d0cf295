import { describe, expect, it } from '@jest/globals';
import type { WorkflowBudget } from '../../../src/contracts/distributor/budget.ts';
import { createTestCloud } from '../../../src/sdk/test-cloud/test-cloud.ts';

const names = ['a', 'b', 'c', 'd'];
const definition = (budget: WorkflowBudget) => ({
  name: 'four',
  budget,
  nodes: names.map((name) => ({ name, task_type: 'llm', distribution_rules: { estimate: { usd: 0.4, tokens: 0 } } })),
});

/** A cloud with an agent of four slots whose attempts cost so much. */
async function cloudWith(usd: number) {
  const cloud = createTestCloud();
  const handler = async (_task: unknown, { used }: { readonly used: (usage: { usd: number }) => void }) => {
    await cloud.sleep(1_000);
    used({ usd });
    return null;
  };
  await cloud.addAgent({ id: 'ann', slots: 4, handler });
  return cloud;
}

describe('a budget in a deployment', () => {
  it('lets as much run at once as it can pay for, and the rest when it turns out cheaper', async () => {
    const cloud = await cloudWith(0.2);
    const run = await cloud.run(definition({ usd: 1 }));
    expect(run).toMatchObject({ status: 'Completed', spent: { usd: 0.8, tokens: 0 }, budget: { usd: 1 } });
    const starts = run.tasks.map(({ started_at }) => Date.parse(started_at ?? ''));
    expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(1_000);
  });

  it('stops what it cannot pay for, and shows why', async () => {
    const cloud = await cloudWith(0.4);
    const run = await cloud.run(definition({ usd: 1 }));
    expect(run.status).toBe('Partially Complete');
    expect(run.error).toBe('the budget is used up: $0.8 of $1 spent, an attempt is expected to use $0.4');
    expect(run.spent?.usd).toBe(0.8);
    const { items } = await cloud.drive(cloud.client.listBudgets());
    expect(items).toMatchObject([{ workflow_id: run.workflow_id, spent: { usd: 0.8 }, reserved: { usd: 0 } }]);
  });

  it('waits at its soft limit, says so, and goes on when the budget is set without it', async () => {
    const cloud = await cloudWith(0.4);
    const { drive, client } = cloud;
    const budget = { usd: 2, soft: 0.5, on_soft: 'wait' } as const;
    await drive(client.run(definition(budget), null, { workflow_id: 'w' }));
    await drive(cloud.sleep(30_000));
    expect(await drive(client.getBudget('w'))).toMatchObject({
      warned: true,
      spent: { usd: 0.8 },
      status: 'In Progress',
    });
    const waiting = (await drive(client.workflowTasks('w'))).find(({ status }) => status === 'Queued');
    const explanation = await drive(client.explainTask(waiting!.task_id));
    expect(explanation.queued?.waits_because).toBe(
      'waits for the budget of its workflow: $0.8 of $1 (its soft limit) spent, an attempt is expected to use $0.4',
    );
    expect(waiting?.reasons).toEqual([explanation.queued?.waits_because]);
    expect(await drive(client.setBudget('w', { usd: 2 }))).toMatchObject({ budget: { usd: 2 }, warned: false });
    await drive(cloud.sleep(30_000));
    expect(await drive(client.getWorkflow('w'))).toMatchObject({ status: 'Completed', spent: { usd: 1.6 } });
  });

  it('is not found where there is none, and refused with all its faults', async () => {
    const { client, drive } = createTestCloud();
    await expect(drive(client.getBudget('w'))).rejects.toMatchObject({ code: 'not-found' });
    const wrong = { soft: 2, on_soft: 'never' } as unknown as WorkflowBudget;
    await expect(drive(client.setBudget('w', wrong))).rejects.toMatchObject({
      faults: [{ path: 'soft' }, { path: 'on_soft' }],
    });
  });
});
