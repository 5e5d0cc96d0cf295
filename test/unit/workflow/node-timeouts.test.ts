import { describe, expect, it } from '@jest/globals';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { redriveWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { wakeNodes } from '../../../src/workflow/usecases/advance/wake-nodes.ts';
import { finish, queued, started, task } from '../../support/workflow-runner.ts';

type Stage = Awaited<ReturnType<typeof started>>;

const body = { nodes: [task('one'), task('two')] };
const around = (more: object) => ({
  nodes: [{ kind: 'gather' as const, name: 'ask', body, ...more }, task('after', ['ask'], { input: 'outputs.ask' })],
});
const timersOf = (stage: Stage) => stage.timers.due('default', '9999-12-31T00:00:00.000Z', 10);

/** Its time comes, and the pulse with it. */
const wake = async (stage: Stage) => {
  await stage.clock.advance(60_000);
  await wakeNodes(stage.deps, ['w:ask']);
};

describe('a node around others with a time-out', () => {
  it('has a timer row from its start, and fails when that comes due: what runs inside is stopped', async () => {
    const stage = await started(around({ timeout_ms: 60_000 }));
    const due = new Date(stage.clock.now() + 60_000).toISOString();
    expect(await timersOf(stage)).toEqual([{ kind: 'node', id: 'w:ask', due }]);
    const running = await stage.claim('w', 'ask:0:two');
    await stage.run('w', 'ask:0:one', { output: 1 });
    await wake(stage);
    expect(await timersOf(stage)).toEqual([]);
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([
      { name: 'ask', status: 'Failed', error: { code: 'timed-out' } },
      { name: 'after', status: 'Skipped' },
      { status: 'Completed' },
      { name: 'ask:0:two', status: 'Cancelled' },
    ]);
    expect(await stage.rowOf('w', 'ask:0:two')).toMatchObject({ status: 'Cancelled', attempt: running.attempt });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed' });
  });

  it('goes on by its on_error, and its timer does not end the fallback', async () => {
    const fallback = { nodes: [task('guess')] };
    const stage = await started(around({ timeout_ms: 60_000, on_error: { fallback } }));
    await wake(stage);
    expect(await queued(stage)).toEqual(['ask:fallback:guess']);
    await wake(stage);
    expect(await queued(stage)).toEqual(['ask:fallback:guess']);
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it.each([
    ['map', { items: '[1, 2]' }],
    ['loop', { until: 'false' }],
    ['subworkflow', {}],
  ])('may be a %s', async (kind, more) => {
    const stage = await started({ nodes: [{ kind, name: 'ask', body, timeout_ms: 60_000, ...more } as never] });
    await wake(stage);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed' });
  });

  it('that ended in time is not touched by its timer, and one that is redriven may be ended by it', async () => {
    const stage = await started(around({ timeout_ms: 60_000 }));
    await stage.run('w', 'ask:0:one');
    await stage.run('w', 'ask:0:two');
    await wake(stage);
    expect(await queued(stage)).toEqual(['after']);
    const failing = await started(around({ timeout_ms: 60_000 }));
    await wake(failing);
    expect(await redriveWorkflow(failing.deps, { workflow_id: 'w', principal: 'alice' })).toMatchObject({ ok: true });
    expect(await finish(failing)).toMatchObject({ status: 'Completed' });
  });
});

describe('a gather with a deadline', () => {
  it('ends then with what has completed, and stops the others', async () => {
    const stage = await started(around({ deadline_ms: 60_000 }));
    await stage.run('w', 'ask:0:one', { output: 1 });
    await wake(stage);
    expect(await queued(stage)).toEqual(['after']);
    expect(await stage.rowOf('w', 'ask:0:two')).toMatchObject({ status: 'Cancelled' });
    expect(await stage.rowOf('w', 'after')).toMatchObject({ payload: { text: '{"one":1}' } });
  });

  it('fails when its time-out comes first, and aggregates by its expression', async () => {
    const late = await started(around({ deadline_ms: 60_000, timeout_ms: 30_000 }));
    await wake(late);
    expect(await viewWorkflow(late.deps, 'w')).toMatchObject({ status: 'Failed' });
    const counted = await started(around({ deadline_ms: 60_000, output: '$count($keys(results))' }));
    await wake(counted);
    expect(await counted.rowOf('w', 'after')).toMatchObject({ payload: { text: '0' } });
  });
});
