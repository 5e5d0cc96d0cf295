import { describe, expect, it } from '@jest/globals';
import { replay } from '../../../src/workflow/core/run/reducer.ts';
import { stateOf } from '../../../src/workflow/core/run/state.ts';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { beginWorkflow } from '../../../src/workflow/usecases/submit/begin-workflow.ts';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { finishWorkflow } from '../../../src/workflow/usecases/advance/finish-workflow.ts';
import { findRun, stateOfRun } from '../../../src/workflow/usecases/advance/load-run.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { resumeWorkflow } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { redriveWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { broken } from '../../support/workflow-runner.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

const node = (name: string, depends_on: string[] = []) => ({ name, task_type: 'work', depends_on });
const request = { workflow_id: 'w', principal: 'alice', reason: 'enough' };

describe('cancelling a workflow', () => {
  it('skips what waits, cancels what is queued or runs, stops the agent and frees its slot', async () => {
    const stage = createWorkflowStage();
    await stage.register('ann');
    await stage.begin('w', { name: 'x', nodes: [node('done'), node('runs'), node('queued'), node('waits', ['runs'])] });
    await stage.run('w', 'done');
    const row = await stage.claim('w', 'runs');
    await stage.deps.agents.reserve('default', 'ann', { [`${row.task_id}#1`]: { at: 0, until: 1 } }, 99);
    expect(await cancelWorkflow(stage.deps, request)).toMatchObject({
      ok: true,
      value: { status: 'Partially Complete' },
    });
    expect((await listRunTasks(stage.deps, 'w'))?.map(({ name, status }) => [name, status])).toEqual([
      ['done', 'Completed'],
      ['runs', 'Cancelled'],
      ['queued', 'Cancelled'],
      ['waits', 'Skipped'],
    ]);
    expect(stage.sent).toEqual([
      { inbox_url: 'https://queue/ann', message: { kind: 'cancel', task_id: 'w:runs', attempt: 1, reason: 'enough' } },
    ]);
    expect((await stage.deps.agents.get('default', 'ann'))?.holds).toEqual({});
    expect(stage.executions.get('token-of-w')).toBe('ended');
    expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row)])).outcomes).toEqual(['late']);
    expect(await cancelWorkflow(stage.deps, request)).toMatchObject({ ok: true });
  });

  it('fails one that has not begun, which then never starts', async () => {
    const stage = createWorkflowStage();
    await stage.create('w', { name: 'x', nodes: [node('a')] });
    await cancelWorkflow(stage.deps, request);
    await beginWorkflow(stage.deps, { workflow_id: 'w', task_token: 't' });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({
      status: 'Failed',
      nodes: { Skipped: 1 },
      error: 'enough',
    });
  });

  it('goes through more tasks than fit one call, and the pulse lets the end take it up where it broke off', async () => {
    const stage = createWorkflowStage();
    const nodes = Array.from({ length: 150 }, (_, index) => node(`n${index}`));
    await stage.begin('w', { name: 'x', nodes });
    let gets = 0;
    const dying = {
      ...stage.deps,
      tasks: {
        ...stage.deps.tasks,
        get: (ids: readonly string[]) =>
          (gets += 1) > 1 ? Promise.reject(new Error('the function died')) : stage.deps.tasks.get(ids),
      },
    };
    await expect(cancelWorkflow(dying, request)).rejects.toThrow('died');
    expect(await stage.deps.workflows.attention(10)).toMatchObject([{ workflow_id: 'w' }]);
    expect((await listRunTasks(stage.deps, 'w'))?.filter(({ status }) => status === 'Queued')).toHaveLength(50);
    await resumeWorkflow(stage.deps, 'w');
    await finishWorkflow(stage.deps, 'w');
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
    expect((await listRunTasks(stage.deps, 'w'))?.filter(({ status }) => status === 'Cancelled')).toHaveLength(150);
    const head = (await stage.deps.workflows.head('w'))!;
    expect(head).toMatchObject({ status: 'Failed', nodes: 'X'.repeat(150), cancel_reason: 'enough' });
    const log = (await stage.deps.workflows.events('w')).flatMap((row) => row.events);
    const { definition } = (await stage.deps.workflows.definition('w'))!;
    expect(replay(definition, log)).toEqual(stateOf(head));
  });

  it('frees the slot of a task whose canceller died before it did, when the workflow is looked at again', async () => {
    const stage = createWorkflowStage();
    await stage.register('ann');
    await stage.begin('w', { name: 'x', nodes: [node('runs')] });
    const row = await stage.claim('w', 'runs');
    await stage.deps.agents.reserve('default', 'ann', { [`${row.task_id}#1`]: { at: 0, until: 1 } }, 99);
    const release = () => Promise.reject(new Error('the function died'));
    const dying = { ...stage.deps, agents: { ...stage.deps.agents, release } };
    await expect(cancelWorkflow(dying, request)).rejects.toThrow('died');
    expect((await stage.deps.agents.get('default', 'ann'))?.holds).not.toEqual({});
    await finishWorkflow(stage.deps, 'w');
    expect((await stage.deps.agents.get('default', 'ann'))?.holds).toEqual({});
  });

  it('is refused for one that is unknown or has ended by itself', async () => {
    const stage = createWorkflowStage();
    expect(await cancelWorkflow(stage.deps, request)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    await stage.begin('w', { name: 'x', nodes: [node('a')] });
    await stage.run('w', 'a');
    expect(await cancelWorkflow(stage.deps, request)).toMatchObject({ ok: false, error: { code: 'already-finished' } });
  });

  describe('with a grace time', () => {
    const graceful = { ...request, grace_ms: 30_000 };
    const nodes = [node('runs'), node('lags'), node('queued'), node('waits', ['runs'])];
    async function cancelled() {
      const stage = createWorkflowStage();
      await stage.register('ann');
      await stage.begin('w', { name: 'x', nodes });
      const runs = await stage.claim('w', 'runs');
      const lags = await stage.claim('w', 'lags');
      const until = new Date(stage.clock.now() + 30_000).toISOString();
      expect(await cancelWorkflow(stage.deps, graceful)).toMatchObject({ ok: true, value: { status: 'In Progress' } });
      return { stage, runs, lags, until };
    }
    const lettersOf = async ({ stage }: { stage: ReturnType<typeof createWorkflowStage> }) =>
      (await stage.deps.workflows.head('w'))!.nodes;

    it('lets what runs end by itself, which counts, starts nothing, and tells the agents until when', async () => {
      const { stage, runs, lags, until } = await cancelled();
      expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({
        cancel_until: until,
        nodes: { Started: 2, Skipped: 1 },
      });
      expect((await stage.rowOf('w', 'queued')).status).toBe('Cancelled');
      expect(stage.sent.map(({ message }) => message)).toEqual(
        ['runs', 'lags'].map((name) => ({ kind: 'cancel', task_id: `w:${name}`, attempt: 1, reason: 'enough', until })),
      );
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(runs, { output: 'saved' })]);
      expect(await lettersOf({ stage })).toBe('CSXK');
      // What it throws because it was told to stop is no reason to try again.
      const error = { code: 'cancelled', message: 'it was told to', retryable: true };
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(lags, { outcome: 'failed', error })]);
      expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Partially Complete', error: 'enough' });
      expect((await stage.rowOf('w', 'lags')).status).toBe('Cancelled');
      const run = (await findRun(stage.deps, 'w'))!;
      const log = (await stage.deps.workflows.events('w')).flatMap(({ events }) => events);
      expect(replay(run.pinned.definition, log)).toEqual(stateOfRun(run));
    });

    it('stops what is left when the time is over, also when whoever cancelled it has died', async () => {
      const { stage, runs, lags } = await cancelled();
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(runs)]);
      await resumeWorkflow(stage.deps, 'w');
      expect(await lettersOf({ stage })).toBe('CSXK');
      expect(await stage.deps.workflows.attention(10)).toHaveLength(1);
      await stage.clock.advance(30_000);
      await resumeWorkflow(stage.deps, 'w');
      expect(await lettersOf({ stage })).toBe('CXXK');
      expect((await stage.rowOf('w', 'lags')).status).toBe('Cancelled');
      expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(lags)])).outcomes).toEqual(['late']);
      await finishWorkflow(stage.deps, 'w');
      expect(await stage.deps.workflows.attention(10)).toEqual([]);
    });

    it('stops at once what is cancelled again by force, and gives nothing a second time', async () => {
      const { stage, until } = await cancelled();
      await stage.clock.advance(1_000);
      expect(await cancelWorkflow(stage.deps, graceful)).toMatchObject({ value: { cancel_until: until } });
      expect(await cancelWorkflow(stage.deps, request)).toMatchObject({ value: { status: 'Failed', nodes: 'XXXK' } });
    });

    it('begins no plan that a task returns meanwhile', async () => {
      const stage = createWorkflowStage();
      await stage.begin('w', { name: 'x', nodes: [{ ...node('a'), expands: true }] });
      const row = await stage.claim('w', 'a');
      await cancelWorkflow(stage.deps, graceful);
      const plan = { plan: { nodes: [node('more')] } };
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(row, { output: plan as never })]);
      expect(await stage.deps.workflows.head('w')).toMatchObject({ nodes: 'C', status: 'Partially Complete' });
    });
  });

  describe('that undoes what completed', () => {
    const undoing = { ...request, compensate: true };
    const graceful = { ...undoing, grace_ms: 30_000 };
    const undo = { compensate_with: { task_type: 'undo', retry: { max_attempts: 2, backoff_ms: 0 } } };
    const nodes = [{ ...node('book'), ...undo }, { ...node('pay', ['book']), ...undo }, node('ship', ['pay'])];
    async function shipping(more: object = {}) {
      const stage = createWorkflowStage();
      await stage.register('ann');
      await stage.begin('w', { name: 'x', nodes, ...more });
      await stage.run('w', 'book', { output: 'B1' });
      await stage.run('w', 'pay');
      return { stage, ship: await stage.claim('w', 'ship') };
    }
    const view = (stage: ReturnType<typeof createWorkflowStage>) => viewWorkflow(stage.deps, 'w');

    it('does so in reverse order once nothing runs any more, and has ended when it is done', async () => {
      const { stage, ship } = await shipping();
      await cancelWorkflow(stage.deps, graceful);
      expect(await view(stage)).toMatchObject({ status: 'In Progress', compensation: 'requested' });
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(ship)]);
      expect(await view(stage)).toMatchObject({ compensation: 'running' });
      // Tried again like any compensation, and not touched by the end of the grace time or by a repeat.
      const error = { code: 'busy', message: 'later', retryable: true };
      await stage.run('w', 'pay:compensate', { outcome: 'failed', error });
      await stage.clock.advance(60_000);
      await resumeWorkflow(stage.deps, 'w');
      await cancelWorkflow(stage.deps, graceful);
      await stage.run('w', 'pay:compensate');
      expect(JSON.parse((await stage.rowOf('w', 'book:compensate')).payload.text!)).toBe('B1');
      await stage.run('w', 'book:compensate');
      expect(await view(stage)).toMatchObject({ status: 'Failed', compensation: 'completed', error: 'enough' });
      const run = (await findRun(stage.deps, 'w'))!;
      const log = (await stage.deps.workflows.events('w')).flatMap(({ events }) => events);
      expect(replay(run.pinned.definition, log)).toEqual(stateOfRun(run));
    });

    it('begins after the grace time when what runs does not end', async () => {
      const { stage, ship } = await shipping();
      await cancelWorkflow(stage.deps, graceful);
      await stage.clock.advance(30_000);
      await resumeWorkflow(stage.deps, 'w');
      expect(await view(stage)).toMatchObject({ compensation: 'running', nodes: { Cancelled: 1 } });
      expect((await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(ship)])).outcomes).toEqual(['late']);
      expect((await stage.rowOf('w', 'pay:compensate')).status).toBe('Queued');
    });

    it('is what the definition says by on_cancel, unless the cancellation says otherwise', async () => {
      const { stage } = await shipping({ on_cancel: 'compensate' });
      await cancelWorkflow(stage.deps, request);
      expect(await view(stage)).toMatchObject({ compensation: 'running' });
      const other = await shipping({ on_cancel: 'compensate' });
      await cancelWorkflow(other.stage.deps, { ...request, compensate: false });
      expect(await view(other.stage)).toMatchObject({ status: 'Partially Complete' });
      expect(await view(other.stage)).not.toHaveProperty('compensation');
    });

    it('can be asked for while a cancellation still gives time, and is stopped by force alone', async () => {
      const { stage, ship } = await shipping();
      await cancelWorkflow(stage.deps, { ...request, grace_ms: 30_000 });
      await cancelWorkflow(stage.deps, graceful);
      expect(await view(stage)).toMatchObject({ compensation: 'requested', nodes: { Started: 1 } });
      await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(ship)]);
      await cancelWorkflow(stage.deps, { ...request, grace_ms: 30_000 });
      expect(await view(stage)).toMatchObject({ compensation: 'running' });
      await cancelWorkflow(stage.deps, request);
      expect(await view(stage)).toMatchObject({ status: 'Partially Complete', compensation: 'stopped' });
    });

    it('stops for a human when it fails, who lets it go on or ends it', async () => {
      const { stage } = await shipping();
      await cancelWorkflow(stage.deps, undoing);
      await stage.run('w', 'pay:compensate', broken);
      expect(await view(stage)).toMatchObject({ status: 'In Progress', compensation: 'failed' });
      await redriveWorkflow(stage.deps, { workflow_id: 'w', principal: 'ann', skip: ['pay:compensate'] });
      await stage.run('w', 'book:compensate', broken);
      await cancelWorkflow(stage.deps, request);
      expect(await view(stage)).toMatchObject({ status: 'Partially Complete', compensation: 'stopped' });
    });
  });
});
