import { describe, expect, it } from '@jest/globals';
import { cancelWorkflow } from '../../../src/workflow/usecases/cancel-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view-workflow.ts';
import { broken, finish, queued, started } from '../../support/workflow-runner.ts';

const definition = {
  nodes: [
    {
      kind: 'transaction' as const,
      name: 'pay',
      input: 'input.sum',
      participants: ['bank', 'shop'].map((name) => ({ name, task_type: 'take-part' })),
    },
  ],
  output: 'outputs.pay',
};

describe('a transaction', () => {
  it('commits when everybody agreed; the decision is stored with the tasks that tell it', async () => {
    const stage = await started(definition, { sum: 5 });
    expect(await queued(stage)).toEqual(['pay:prepare:bank', 'pay:prepare:shop']);
    await stage.run('w', 'pay:prepare:bank', { output: { vote: 'yes' } });
    expect(await queued(stage)).toEqual(['pay:prepare:shop']);
    await stage.run('w', 'pay:prepare:shop');
    expect(await queued(stage)).toEqual(['pay:commit:bank', 'pay:commit:shop']);
    const told = await stage.rowOf('w', 'pay:commit:bank');
    expect(told.payload.text).toBe('{"phase":"commit","transaction":"pay","input":5}');
    expect(told.max_attempts).toBe(100);
    const [decision] = (await stage.deps.workflows.events('w')).slice(-1);
    expect(decision?.events).toMatchObject([
      { type: 'NodeCompleted' },
      { type: 'NodeExpanded', node: 'pay', scope: 'commit' },
      { type: 'NodeStarted' },
      { type: 'NodeStarted' },
    ]);
    const view = await finish(stage, (path) => path);
    expect(view).toMatchObject({ status: 'Completed', output: { bank: 'pay:commit:bank', shop: 'pay:commit:shop' } });
  });

  it('aborts for everybody when one votes no', async () => {
    const stage = await started(definition);
    await stage.run('w', 'pay:prepare:bank', { output: { vote: 'no' } });
    await stage.run('w', 'pay:prepare:shop');
    expect(await queued(stage)).toEqual(['pay:abort:bank', 'pay:abort:shop']);
    expect(await finish(stage)).toMatchObject({ status: 'Failed' });
  });

  it('aborts at once when one cannot prepare, and stops the others', async () => {
    const stage = await started(definition);
    await stage.run('w', 'pay:prepare:bank', broken);
    expect((await stage.rowOf('w', 'pay:prepare:shop')).status).toBe('Cancelled');
    expect(await queued(stage)).toEqual(['pay:abort:bank', 'pay:abort:shop']);
  });

  it('is carried out once it is decided, also when the workflow is cancelled', async () => {
    const stage = await started(definition);
    await stage.run('w', 'pay:prepare:bank');
    await stage.run('w', 'pay:prepare:shop');
    await cancelWorkflow(stage.deps, { workflow_id: 'w', principal: 'alice', reason: 'enough' });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress' });
    expect(await queued(stage)).toEqual(['pay:commit:bank', 'pay:commit:shop']);
    await stage.run('w', 'pay:commit:bank');
    await stage.run('w', 'pay:commit:shop');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Partially Complete', error: 'enough' });
  });
});
