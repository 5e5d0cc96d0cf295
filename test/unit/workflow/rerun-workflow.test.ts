import { describe, expect, it } from '@jest/globals';
import type { WorkflowRerun } from '../../../src/contracts/workflow/repair.ts';
import { beginWorkflow } from '../../../src/workflow/usecases/submit/begin-workflow.ts';
import { replayWorkflow } from '../../../src/workflow/usecases/view/inspect-workflow.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { signalWorkflow } from '../../../src/workflow/usecases/events/signal-workflow.ts';
import { rerunWorkflow } from '../../../src/workflow/usecases/steer/rerun-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { broken, finish, started, task } from '../../support/workflow-runner.ts';
import type { createWorkflowStage } from '../../support/workflow-stage.ts';

type Stage = ReturnType<typeof createWorkflowStage>;

const who = { principal: 'alice', correlation_id: 'again' };
const rerun = (stage: Stage, request: WorkflowRerun) => rerunWorkflow(stage.deps, 'w', request, who);
const statuses = async (stage: Stage, id: string) =>
  Object.fromEntries((await listRunTasks(stage.deps, id))!.map(({ name, status }) => [name, status]));
const definition = {
  nodes: [
    task('read'),
    { kind: 'map' as const, name: 'each', depends_on: ['read'], items: 'outputs.read', body: { nodes: [task('one')] } },
    task('sum', ['each'], { input: '{ "all": outputs.each, "of": input }' }),
    task('show', ['sum']),
  ],
  output: 'outputs.show',
};
const done = async () => {
  const stage = await started(definition, 'first');
  await finish(stage, (path) => (path === 'read' ? [1, 2] : path));
  return stage;
};

describe('a rerun', () => {
  it('begins at a node with the outputs of all that is not after it, and leaves the first run alone', async () => {
    const stage = await done();
    const before = await viewWorkflow(stage.deps, 'w');
    const outcome = await rerun(stage, { from: ['sum'], workflow_id: 'again' });
    expect(outcome).toMatchObject({ ok: true, value: { workflow_id: 'again', rerun_of: 'w', status: 'Not Started' } });
    await beginWorkflow(stage.deps, { workflow_id: 'again' });
    expect(await statuses(stage, 'again')).toEqual({
      read: 'Completed',
      each: 'Completed',
      sum: 'Queued',
      show: 'Waiting',
    });
    expect(JSON.parse((await stage.rowOf('again', 'sum')).payload.text!)).toEqual({
      all: ['each:0:one', 'each:1:one'],
      of: 'first',
    });
    await stage.run('again', 'sum', { output: 3 });
    await stage.run('again', 'show', { output: 'three' });
    expect(await viewWorkflow(stage.deps, 'again')).toMatchObject({ status: 'Completed', output: 'three' });
    expect(await replayWorkflow(stage.deps, 'again')).toMatchObject({ matches: true });
    const log = (await stage.deps.workflows.events('again')).flatMap(({ events }) => events);
    expect(log.slice(0, 3)).toEqual([
      { type: 'WorkflowStarted' },
      { type: 'NodeReused', node: 'read', source: 'w', as: 'completed' },
      { type: 'NodeReused', node: 'each', source: 'w', as: 'completed' },
    ]);
    expect(await viewWorkflow(stage.deps, 'w')).toEqual(before);
  });

  it('is the same run when it is asked for again, and another one with another input', async () => {
    const stage = await done();
    const idOf = async (request: WorkflowRerun) => {
      const outcome = await rerun(stage, request);
      return outcome.ok ? outcome.value.workflow_id : outcome.error.code;
    };
    const id = await idOf({ from: ['sum'] });
    expect(await idOf({ from: ['sum'] })).toBe(id);
    const other = await idOf({ from: ['sum'], input: 'second' });
    expect(other).not.toBe(id);
    await beginWorkflow(stage.deps, { workflow_id: other });
    expect((await stage.rowOf(other, 'sum')).payload.text).toContain('second');
    expect(await idOf({ from: ['show'], workflow_id: id })).toBe('workflow-conflict');
  });

  it('takes over again what it took over, from a run that was one itself', async () => {
    const stage = await done();
    for (const [id, from, source] of [
      ['x', 'sum', 'w'],
      ['y', 'show', 'x'],
    ] as const) {
      await rerunWorkflow(stage.deps, source, { from: [from], workflow_id: id }, who);
      await beginWorkflow(stage.deps, { workflow_id: id });
      if (id === 'x') await stage.run('x', 'sum', { output: 'sum of x' });
      await stage.run(id, 'show', { output: id });
    }
    expect(await viewWorkflow(stage.deps, 'y')).toMatchObject({ status: 'Completed', output: 'y' });
  });

  it('is refused with every node that cannot be taken over, and goes where they begin as well', async () => {
    const stage = await started({ nodes: [task('a'), task('b'), task('c', ['a']), task('d', ['b'])] });
    await stage.run('w', 'a', broken);
    await stage.run('w', 'b');
    await stage.run('w', 'd');
    await expect(rerun(stage, { from: ['d', 'z'] })).rejects.toMatchObject({ faults: [{ path: 'from[1]' }] });
    await expect(rerun(stage, { from: ['d'] })).rejects.toMatchObject({
      code: 'not-reusable',
      faults: [
        { message: expect.stringContaining('"a"'), fix: 'begin at "a" as well' },
        { message: expect.stringContaining('"c"') },
      ],
    });
    const outcome = await rerun(stage, { from: ['a', 'd'], workflow_id: 'x' });
    expect(outcome.ok).toBe(true);
    await beginWorkflow(stage.deps, { workflow_id: 'x' });
    expect(await statuses(stage, 'x')).toEqual({ a: 'Queued', b: 'Completed', c: 'Waiting', d: 'Queued' });
    expect(await rerunWorkflow(stage.deps, 'nobody', { from: ['a'] }, who)).toMatchObject({
      error: { code: 'not-found' },
    });
  });

  it('goes no way that a choice which it takes over did not go', async () => {
    const stage = await started({
      nodes: [
        task('a'),
        { kind: 'choice', name: 'c', depends_on: ['a'], branches: [{ when: '1 = 1', then: ['yes'] }], default: ['no'] },
        task('other'),
        task('yes', ['c']),
        task('no', ['c', 'other']),
        task('end', ['yes', 'no'], { trigger_rule: 'none_failed' }),
      ],
    });
    await finish(stage);
    await rerun(stage, { from: ['other'], workflow_id: 'x' });
    await beginWorkflow(stage.deps, { workflow_id: 'x' });
    await stage.run('x', 'other');
    expect(await statuses(stage, 'x')).toMatchObject({ yes: 'Completed', no: 'Skipped', end: 'Queued' });
    await expect(rerun(stage, { from: ['no'] })).rejects.toMatchObject({
      faults: [{ fix: expect.stringContaining('choice') }],
    });
  });

  it('knows what an event that it takes over passed over, also where two events differ only by their key', async () => {
    const wait = (name: string, key: string) => ({ name: 'paid', key: `'${key}'`, then: [name] });
    const stage = await started({
      nodes: [
        {
          kind: 'event',
          name: 'e',
          events: [wait('a', '1'), wait('b', '2')],
          timer: { for_ms: 60_000, then: ['late'] },
        },
        task('a', ['e']),
        task('b', ['e', 'other']),
        task('late', ['e', 'other']),
        task('other'),
      ],
    });
    const signal = { workflow_id: 'w', name: 'paid', key: '1', id: 's' };
    await signalWorkflow(stage.deps, { signal, principal: 'bob' });
    await finish(stage);
    await rerun(stage, { from: ['other'], workflow_id: 'x' });
    await beginWorkflow(stage.deps, { workflow_id: 'x' });
    await stage.run('x', 'other');
    expect(await statuses(stage, 'x')).toMatchObject({ a: 'Completed', b: 'Skipped', late: 'Skipped' });
    await expect(rerun(stage, { from: ['b'] })).rejects.toMatchObject({ code: 'not-reusable' });
  });

  it('undoes what it did itself, never what it took over, and cannot take over what was undone', async () => {
    const undo = { compensate_with: { task_type: 'undo' } };
    const nodes = [task('a', [], undo), task('b', ['a'], undo), task('c', ['b'], { on_error: 'compensate' })];
    const stage = await started({ nodes });
    await finish(stage);
    await rerun(stage, { from: ['b'], workflow_id: 'x' });
    await beginWorkflow(stage.deps, { workflow_id: 'x' });
    await stage.run('x', 'b');
    await stage.run('x', 'c', broken);
    expect(Object.keys(await statuses(stage, 'x'))).toEqual(['a', 'b', 'c', 'b:compensate']);
    await stage.run('x', 'b:compensate');
    expect(await rerunWorkflow(stage.deps, 'x', { from: ['c'] }, who)).toMatchObject({
      error: { code: 'not-reusable' },
    });
  });
});
