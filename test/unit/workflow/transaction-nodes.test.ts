import { describe, expect, it } from '@jest/globals';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { pauseWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { wakeNodes } from '../../../src/workflow/usecases/advance/wake-nodes.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
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

const who = { workflow_id: 'w', principal: 'alice' };

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

  it('tells who has prepared to abort when it is cancelled before the decision, paused or not', async () => {
    for (const paused of [false, true]) {
      const stage = await started(definition, { sum: 5 });
      await stage.run('w', 'pay:prepare:bank');
      if (paused) await pauseWorkflow(stage.deps, who);
      await cancelWorkflow(stage.deps, { ...who, reason: 'enough' });
      expect((await stage.rowOf('w', 'pay:prepare:shop')).status).toBe('Cancelled');
      expect(await queued(stage)).toEqual(['pay:abort:bank', 'pay:abort:shop']);
      const told = await stage.rowOf('w', 'pay:abort:bank');
      expect(told.payload.text).toBe('{"phase":"abort","transaction":"pay","input":5}');
      expect(await finish(stage)).toMatchObject({ status: 'Partially Complete', error: 'enough' });
    }
  });

  it('does the same when what is around it ends without it, and nothing comes in its place', async () => {
    const pay = { ...definition.nodes[0]!, on_error: { fallback: { nodes: [{ name: 'instead', task_type: 't' }] } } };
    const race = { kind: 'gather' as const, name: 'race', need: 'first' as const };
    const stage = await started({ nodes: [{ ...race, body: { nodes: [pay, { name: 'quick', task_type: 't' }] } }] });
    await stage.run('w', 'race:0:pay:prepare:bank');
    await stage.run('w', 'race:0:quick');
    const aborting = ['race:0:pay:abort:bank', 'race:0:pay:abort:shop'];
    expect(await queued(stage)).toEqual(aborting);
    for (const path of aborting) await stage.run('w', path);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed' });
  });

  it('lets no vote count that comes after its time, also when the timer is late', async () => {
    const stage = await started({ nodes: [{ ...definition.nodes[0]!, prepare_timeout_ms: 1_000 }] });
    await stage.run('w', 'pay:prepare:bank');
    const late = await stage.claim('w', 'pay:prepare:shop');
    await stage.clock.advance(1_500);
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(late)]);
    expect(await queued(stage)).toEqual(['pay:abort:bank', 'pay:abort:shop']);
  });

  it('takes a vote that has not come in time for a no', async () => {
    const stage = await started({
      nodes: [{ ...definition.nodes[0]!, prepare_timeout_ms: 1_000, commit_timeout_ms: 5_000 }],
    });
    const late = await stage.claim('w', 'pay:prepare:shop');
    await stage.run('w', 'pay:prepare:bank');
    await wakeNodes(stage.deps, ['w:pay']);
    expect(await queued(stage)).toEqual([]);
    await stage.clock.advance(1_000);
    await wakeNodes(stage.deps, ['w:pay']);
    expect(await queued(stage)).toEqual(['pay:abort:bank', 'pay:abort:shop']);
    expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(late)])).outcomes).toEqual(['late']);
    // The time of the abort goes on, although the timer of the preparing has fired.
    expect(stage.dynamodb.peek('WORKFLOW#w', 'WAIT#pay')?.['gsi1sk']).toContain('w:pay');
    expect(await finish(stage)).toMatchObject({ status: 'Failed' });
  });

  it('fails when a commit is not confirmed in time, goes on after it, and tells the others until they have', async () => {
    const after = { name: 'after', task_type: 't', depends_on: ['pay'], trigger_rule: 'all_done' as const };
    const stage = await started({ nodes: [{ ...definition.nodes[0]!, commit_timeout_ms: 5_000 }, after] });
    await stage.run('w', 'pay:prepare:bank');
    await stage.run('w', 'pay:prepare:shop');
    await stage.run('w', 'pay:commit:bank');
    await stage.clock.advance(5_000);
    await wakeNodes(stage.deps, ['w:pay']);
    const run = await listRunTasks(stage.deps, 'w');
    expect(run?.[0]).toMatchObject({
      status: 'Failed',
      error: { code: 'timed-out', message: expect.stringContaining('by shop') },
    });
    expect(await queued(stage)).toEqual(['after', 'pay:commit:shop']);
    await stage.run('w', 'after');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress' });
    expect(await finish(stage)).toMatchObject({ status: 'Partially Complete' });
  });
});
