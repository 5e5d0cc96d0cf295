import { describe, expect, it } from '@jest/globals';
import { settleWorkflowTasks } from '../../../src/workflow/usecases/advance/advance-workflow.ts';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { replayWorkflow } from '../../../src/workflow/usecases/view/inspect-workflow.ts';
import { resumeWorkflows } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { updateWorkflow } from '../../../src/workflow/usecases/steer/update-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { started, task } from '../../support/workflow-runner.ts';
import type { createWorkflowStage } from '../../support/workflow-stage.ts';

type Stage = ReturnType<typeof createWorkflowStage>;

const request = { workflow_id: 'w', principal: 'alice' };
const high = { ...request, change: { priority: 'high' as const } };
const nodes = [task('a'), task('b'), task('c'), task('after', ['a', 'b'])];
const placeOf = (stage: Stage, node: string) =>
  stage.dynamodb.peek(`TASK#w:${node}`, 'TASK')?.['gsi1sk'] as string | undefined;
const levels = (stage: Stage) => ['a', 'b', 'c'].map((node) => placeOf(stage, node)?.[0]);
const updates = async (stage: Stage) =>
  (await stage.deps.workflows.events('w'))
    .flatMap(({ events }) => events)
    .filter(({ type }) => type === 'WorkflowUpdated');

describe('an update of a running workflow', () => {
  it('moves what waits, leaves what runs, and holds for what starts later', async () => {
    const stage = await started({ nodes });
    const running = await stage.claim('w', 'b');
    expect(await updateWorkflow(stage.deps, high)).toMatchObject({ ok: true, value: { priority: 'high' } });
    expect(levels(stage)).toEqual(['1', undefined, '1']);
    expect((await stage.rowOf('w', 'a')).priority).toBe('high');
    expect(await stage.rowOf('w', 'b')).toEqual(running);
    await settleWorkflowTasks(stage.deps, 'w', [stage.resultOf(running)]);
    await stage.run('w', 'a');
    expect(placeOf(stage, 'after')![0]).toBe('1');
    expect(await updates(stage)).toEqual([{ type: 'WorkflowUpdated', by: 'alice', priority: 'high' }]);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ priority: 'high' });
    expect(await replayWorkflow(stage.deps, 'w')).toMatchObject({ matches: true });
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
  });

  it('gives the waiting tasks deadlines that still leave time for what comes after', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a'], { payload: { estimated_duration: 30 } })] });
    const deadline = new Date(stage.clock.now() + 100_000).toISOString();
    await updateWorkflow(stage.deps, { ...request, change: { deadline } });
    expect((await stage.rowOf('w', 'a')).deadline).toBe(new Date(stage.clock.now() + 70_000).toISOString());
    expect(placeOf(stage, 'a')).toContain((await stage.rowOf('w', 'a')).deadline!);
  });

  it('is done once, however often it is asked for', async () => {
    const stage = await started({ nodes });
    await updateWorkflow(stage.deps, high);
    const before = await stage.rowOf('w', 'a');
    await updateWorkflow(stage.deps, high);
    expect(await stage.rowOf('w', 'a')).toEqual(before);
    expect(await updates(stage)).toHaveLength(1);
    await cancelWorkflow(stage.deps, { ...request, reason: 'enough' });
    expect(await updateWorkflow(stage.deps, high)).toMatchObject({ error: { code: 'already-finished' } });
    expect(await updateWorkflow(stage.deps, { ...high, workflow_id: 'x' })).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('is finished by the pulse when its function died before the tasks moved', async () => {
    const stage = await started({ nodes });
    const change = () => Promise.reject(new Error('the function died'));
    const dying = { ...stage.deps, tasks: { ...stage.deps.tasks, change } };
    await expect(updateWorkflow(dying, high)).rejects.toThrow('died');
    expect(levels(stage)).toEqual(['2', '2', '2']);
    await stage.clock.drive(stage.clock.sleep(11_000));
    expect(await resumeWorkflows(stage.deps, 'default')).toBe(1);
    expect(levels(stage)).toEqual(['1', '1', '1']);
    expect(await stage.deps.workflows.attention(10)).toEqual([]);
  });

  it('keeps a claim from putting a task back that it saw in its old place', async () => {
    const stage = await started({ nodes });
    const seen = await stage.rowOf('w', 'a');
    await updateWorkflow(stage.deps, high);
    const late = {
      task_id: seen.task_id,
      expect: { status: 'Queued' as const, attempt: seen.attempt },
      patch: {},
      index: null,
    };
    expect(await stage.deps.tasks.change([late])).toMatchObject([{ applied: false }]);
  });

  it('holds for a workflow that has not begun', async () => {
    const stage = await started({ nodes });
    await stage.submit('x', { name: 'x', nodes });
    await updateWorkflow(stage.deps, { ...high, workflow_id: 'x' });
    await stage.begin('x', { name: 'x', nodes });
    expect((await stage.rowOf('x', 'a')).priority).toBe('high');
  });
});
