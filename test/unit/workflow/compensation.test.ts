import { describe, expect, it } from '@jest/globals';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { redriveWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { broken, finish, queued, started, task } from '../../support/workflow-runner.ts';

const undo = { compensate_with: { task_type: 'undo' } };
const steer = { workflow_id: 'w', principal: 'alice' };

/** Books a flight, then hotel and car side by side, then pays, which fails. */
const trip = {
  nodes: [
    task('flight', [], undo),
    task('hotel', ['flight'], undo),
    task('car', ['flight'], undo),
    { kind: 'join' as const, name: 'booked', depends_on: ['hotel', 'car'] },
    task('pay', ['booked'], { on_error: 'compensate', ...undo }),
    task('mail', ['pay']),
  ],
};

async function failedTrip() {
  const stage = await started(trip);
  for (const name of ['flight', 'hotel', 'car']) await stage.run('w', name, { output: { booked: name } });
  await stage.run('w', 'pay', broken);
  return stage;
}

describe('a saga', () => {
  it('undoes what completed and nothing else, in reverse order, what is independent side by side', async () => {
    const stage = await failedTrip();
    expect(await queued(stage)).toEqual(['hotel:compensate', 'car:compensate']);
    expect(await stage.rowOf('w', 'car:compensate')).toMatchObject({
      task_type: 'undo',
      payload: { text: '{"booked":"car"}' },
    });
    await stage.run('w', 'car:compensate');
    expect(await queued(stage)).toEqual(['hotel:compensate']);
    await stage.run('w', 'hotel:compensate');
    expect(await queued(stage)).toEqual(['flight:compensate']);
    expect(await finish(stage)).toMatchObject({ status: 'Failed', compensation: 'completed' });
    expect((await listRunTasks(stage.deps, 'w'))?.map(({ name }) => name)).not.toContain('pay:compensate');
  });

  it('waits for tasks that still run, and undoes them as well', async () => {
    const stage = await started({
      nodes: [task('a', [], undo), task('b', [], { on_error: 'compensate' }), task('c', ['a'])],
    });
    await stage.run('w', 'b', broken);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress', compensation: 'requested' });
    expect(await queued(stage)).toEqual(['a']);
    await stage.run('w', 'a');
    expect(await queued(stage)).toEqual(['a:compensate']);
    expect(await finish(stage)).toMatchObject({ compensation: 'completed' });
  });

  it('undoes the rounds of a loop from the last to the first, and each item of a map', async () => {
    const body = { nodes: [task('do', [], undo)] };
    const stage = await started({
      nodes: [
        { kind: 'map', name: 'each', items: '[7, 8]', body },
        { kind: 'loop', name: 'again', until: 'index >= 2', depends_on: ['each'], body },
        task('end', ['again'], { on_error: 'compensate' }),
      ],
    });
    for (const path of ['each:0:do', 'each:1:do', 'again:0:do', 'again:1:do']) await stage.run('w', path);
    await stage.run('w', 'end', broken);
    expect(await queued(stage)).toEqual(['again:1:do:compensate']);
    await stage.run('w', 'again:1:do:compensate');
    expect(await queued(stage)).toEqual(['again:0:do:compensate']);
    await stage.run('w', 'again:0:do:compensate');
    expect(await queued(stage)).toEqual(['each:0:do:compensate', 'each:1:do:compensate']);
  });

  it('whose compensation fails waits for a human, who lets it be tried again or takes it as done', async () => {
    const stage = await failedTrip();
    await stage.run('w', 'hotel:compensate', broken);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ compensation: 'running' });
    await stage.run('w', 'car:compensate', broken);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress', compensation: 'failed' });
    await redriveWorkflow(stage.deps, { ...steer, skip: ['car:compensate'] });
    expect(await queued(stage)).toEqual(['hotel:compensate']);
    expect(await stage.rowOf('w', 'hotel:compensate')).toMatchObject({ status: 'Queued', retry_count: 0 });
    expect(await finish(stage)).toMatchObject({ status: 'Failed', compensation: 'completed' });
  });
});
