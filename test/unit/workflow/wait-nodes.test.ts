import { describe, expect, it } from '@jest/globals';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { pauseWorkflow, unpauseWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { wakeNodes } from '../../../src/workflow/usecases/advance/wake-nodes.ts';
import { queued, started, task } from '../../support/workflow-runner.ts';

const wait = (more: object) => ({
  nodes: [{ kind: 'wait' as const, name: 'pause', ...more }, task('after', ['pause'])],
});
const timers = { until: '9999-12-31T00:00:00.000Z', limit: 10 };
const timersOf = (stage: Awaited<ReturnType<typeof started>>) =>
  stage.timers.due('default', timers.until, timers.limit);

describe('a wait', () => {
  it('is a timer row; what depends on it starts when its time has come, once', async () => {
    const stage = await started(wait({ for_ms: 60_000 }));
    expect(await queued(stage)).toEqual([]);
    const due = new Date(stage.clock.now() + 60_000).toISOString();
    expect(await timersOf(stage)).toEqual([{ kind: 'node', id: 'w:pause', due }]);
    expect(stage.ticks).toContain(60);
    await wakeNodes(stage.deps, ['w:pause']);
    expect(await queued(stage)).toEqual([]);
    await stage.clock.advance(60_000);
    expect(await wakeNodes(stage.deps, ['w:pause'])).toMatchObject({ count: 1, hints: [{ pool: 'default' }] });
    expect(await queued(stage)).toEqual(['after']);
    expect(await timersOf(stage)).toEqual([]);
    expect(await wakeNodes(stage.deps, ['w:pause', 'gone:pause'])).toMatchObject({ count: 2, hints: [] });
    await stage.run('w', 'after');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed' });
  });

  it('until a time that has passed is over at once, and until what is no time fails', async () => {
    expect(await queued(await started(wait({ until: 'input.at' }), { at: '2020-01-01T00:00:00Z' }))).toEqual(['after']);
    const stage = await started(wait({ until: 'input.at' }), { at: 'soon' });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([{ error: { code: 'input-failed' } }, {}]);
  });

  it('that ends during a pause lets nothing start before the workflow is resumed', async () => {
    const stage = await started(wait({ for_ms: 60_000 }));
    const request = { workflow_id: 'w', principal: 'alice' };
    await pauseWorkflow(stage.deps, request);
    await stage.clock.advance(60_000);
    await wakeNodes(stage.deps, ['w:pause']);
    expect(await queued(stage)).toEqual([]);
    await unpauseWorkflow(stage.deps, request);
    expect(await queued(stage)).toEqual(['after']);
  });
});
