import { describe, expect, it } from '@jest/globals';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { finishWorkflow } from '../../../src/workflow/usecases/advance/finish-workflow.ts';
import {
  pauseWorkflow,
  redriveWorkflow,
  unpauseWorkflow,
} from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { resumeWorkflows } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { broken, finish, queued, started, task } from '../../support/workflow-runner.ts';

const request = { workflow_id: 'w', principal: 'alice' };
const each = {
  kind: 'map' as const,
  name: 'each',
  items: '[1, 2, 3]',
  body: { nodes: [task('one'), task('two', ['one'])] },
};

describe('a paused workflow', () => {
  it('starts nothing new, and all that became ready when it is resumed', async () => {
    const stage = await started({
      nodes: [
        task('a'),
        { kind: 'join', name: 'j', depends_on: ['a'] },
        { ...each, depends_on: ['j'], max_concurrency: 1 },
      ],
    });
    await pauseWorkflow(stage.deps, request);
    await pauseWorkflow(stage.deps, request);
    await stage.run('w', 'a');
    expect(await queued(stage)).toEqual([]);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ paused: true, status: 'In Progress' });
    await unpauseWorkflow(stage.deps, request);
    expect(await queued(stage)).toEqual(['each:0:one']);
    await pauseWorkflow(stage.deps, request);
    await stage.run('w', 'each:0:one');
    await unpauseWorkflow(stage.deps, request);
    expect(await queued(stage)).toEqual(['each:0:two']);
    const view = await finish(stage);
    expect(view.status).toBe('Completed');
    expect(view.paused).toBeUndefined();
    expect(await pauseWorkflow(stage.deps, request)).toMatchObject({ ok: false, error: { code: 'already-finished' } });
  });
});

describe('a redrive', () => {
  it('runs again what failed with what was skipped because of it, and keeps what completed', async () => {
    const stage = await started({ nodes: [task('a'), task('b', ['a']), task('c', ['b']), task('d')], output: '1' });
    await stage.run('w', 'a');
    await stage.run('w', 'b', broken);
    await stage.run('w', 'd');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Partially Complete', output: 1 });
    expect(await redriveWorkflow(stage.deps, request)).toMatchObject({ ok: true, value: { status: 'In Progress' } });
    const open = (await viewWorkflow(stage.deps, 'w'))!;
    expect([open.completed_at, open.output]).toEqual([undefined, undefined]);
    expect(await queued(stage)).toEqual(['b']);
    expect(await finish(stage)).toMatchObject({ status: 'Completed', nodes: { Completed: 4 } });
    expect(await redriveWorkflow(stage.deps, request)).toMatchObject({
      ok: false,
      error: { code: 'already-finished' },
    });
  });

  it('that dies before it starts an execution is followed by the pulse, also once the workflow has ended anew', async () => {
    for (const endsFirst of [false, true]) {
      const stage = await started({ nodes: [task('a')] });
      await stage.run('w', 'a', broken);
      await finishWorkflow(stage.deps, 'w');
      stage.started.splice(0);
      const start = () => Promise.reject(new Error('the function died'));
      const dying = { ...stage.deps, executions: { ...stage.deps.executions, start } };
      await expect(redriveWorkflow(dying, request)).rejects.toThrow('died');
      if (endsFirst) await stage.run('w', 'a');
      await stage.clock.advance(11_000);
      await resumeWorkflows(stage.deps, 'default');
      expect(stage.started).toEqual(['w']);
      expect(await stage.deps.workflows.attention(10)).toEqual([]);
    }
  });

  it('keeps the definition and the log for as long as it runs again, and 30 days from its new end', async () => {
    const stage = await started({ nodes: [task('a')] });
    const day = 24 * 3_600_000;
    const expiries = () =>
      ['DEFINITION', 'EVENT#00000001'].map(
        (sk) => Number(stage.dynamodb.peek('WORKFLOW#w', sk)?.['expires_at']) * 1_000 - stage.clock.now(),
      );
    await stage.run('w', 'a', broken);
    await finishWorkflow(stage.deps, 'w');
    expect(expiries()).toEqual([30 * day, 30 * day]);
    await stage.clock.drive(stage.clock.sleep(29 * day), 30 * day);
    await redriveWorkflow(stage.deps, request);
    expect(expiries()).toEqual([120 * day, 120 * day]);
    await stage.run('w', 'a');
    await finishWorkflow(stage.deps, 'w');
    expect(expiries()).toEqual([30 * day, 30 * day]);
  });

  it('opens a map where it failed: failed items, and those that were stopped for them', async () => {
    const stage = await started({ nodes: [each, task('end', ['each'])] });
    await stage.run('w', 'each:0:one');
    await stage.run('w', 'each:0:two');
    await stage.run('w', 'each:1:one', broken);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed' });
    await redriveWorkflow(stage.deps, request);
    expect(await queued(stage)).toEqual(['each:1:one', 'each:2:one']);
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it('evaluates again what has no task, and an input that failed', async () => {
    const stage = await started({
      nodes: [task('a', [], { input: '$error("no")' }), { kind: 'map', name: 'm', items: '$error("no")', body: 'b' }],
      bodies: { b: { nodes: [task('x')] } },
    });
    expect(await redriveWorkflow(stage.deps, request)).toMatchObject({ ok: true, value: { status: 'Failed' } });
    expect((await stage.deps.workflows.events('w')).length).toBe(2);
  });

  it('is refused for a workflow that was cancelled', async () => {
    const stage = await started({ nodes: [task('a')] });
    await cancelWorkflow(stage.deps, { ...request, reason: 'enough' });
    expect(await redriveWorkflow(stage.deps, request)).toMatchObject({
      ok: false,
      error: { code: 'already-finished' },
    });
  });
});
