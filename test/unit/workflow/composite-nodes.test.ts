import { describe, expect, it } from '@jest/globals';
import { nodesMax } from '../../../src/contracts/limits.ts';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { resumeWorkflow } from '../../../src/workflow/usecases/advance/resume-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { broken, finish, queued, started, task } from '../../support/workflow-runner.ts';
import { createWorkflowStage } from '../../support/workflow-stage.ts';

describe('a map', () => {
  const map = (more: object = {}) => ({
    nodes: [
      task('list'),
      {
        kind: 'map' as const,
        name: 'each',
        depends_on: ['list'],
        items: 'outputs.list',
        body: {
          nodes: [
            task('one', [], { input: '{ "item": item, "at": index }' }),
            task('two', ['one'], { input: 'outputs.one' }),
          ],
        },
        ...more,
      },
      task('end', ['each'], { input: 'outputs.each' }),
    ],
    output: 'outputs.end',
  });

  it('runs its body for each item and gives the list of what came out', async () => {
    const stage = await started(map());
    const view = await finish(stage, (path, payload) => (path === 'list' ? ['a', 'b'] : payload));
    expect(view).toMatchObject({
      status: 'Completed',
      output: [
        { item: 'a', at: 0 },
        { item: 'b', at: 1 },
      ],
    });
    expect((await stage.rowOf('w', 'each:1:two')).dependencies).toEqual(['each:1:one']);
  });

  it('keeps to its concurrency, and goes on with the next item', async () => {
    const stage = await started(map({ max_concurrency: 2 }));
    await stage.run('w', 'list', { output: [1, 2, 3, 4] });
    expect(await queued(stage)).toEqual(['each:0:one', 'each:1:one']);
    await stage.run('w', 'each:0:one');
    expect(await queued(stage)).toEqual(['each:0:two', 'each:1:one']);
    await stage.run('w', 'each:0:two');
    expect(await queued(stage)).toEqual(['each:1:one', 'each:2:one']);
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it('tolerates as many failures as it says, and stops the others with one more', async () => {
    const stage = await started(map({ tolerated_failures: 1 }));
    await stage.register('ann');
    await stage.run('w', 'list', { output: [1, 2, 3, 4] });
    await stage.run('w', 'each:0:one', broken);
    const running = await stage.claim('w', 'each:3:one');
    expect((await stage.rowOf('w', 'each:2:one')).status).toBe('Queued');
    await stage.run('w', 'each:1:one', broken);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed', nodes: { Failed: 3, Cancelled: 2 } });
    expect((await stage.rowOf('w', 'each:2:one')).status).toBe('Cancelled');
    expect((await stage.rowOf('w', 'each:3:one')).status).toBe('Cancelled');
    expect(stage.sent).toMatchObject([{ message: { kind: 'cancel', task_id: running.task_id, attempt: 1 } }]);
    const again = await started(map({ tolerated_failures: 1 }));
    await again.run('w', 'list', { output: [1, 2] });
    await again.run('w', 'each:0:one', broken);
    expect(await finish(again, (_, payload) => payload)).toMatchObject({ output: [null, { item: 2, at: 1 }] });
  });

  it('of nothing gives nothing', async () => {
    const stage = await started(map());
    expect(await finish(stage, (path, payload) => (path === 'list' ? [] : payload))).toMatchObject({ output: [] });
  });

  it('that would outgrow the workflow fails before it adds a node', async () => {
    const stage = await started({
      nodes: [{ kind: 'map', name: 'each', items: `[1..${nodesMax}]`, body: { nodes: [task('one')] } }],
    });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed', nodes: { Failed: 1, Waiting: 0 } });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([{ error: { code: 'too-large' } }]);
  });

  it('wider than a transaction inserts the rest after it, and its 100 inner joins end in several steps', async () => {
    const join = { kind: 'join' as const, name: 'j', output: 'item' };
    const stage = await started({
      nodes: [{ kind: 'map', name: 'each', items: '[1..100]', body: { nodes: [join] } }],
      output: '$sum(outputs.each)',
    });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed', output: 5_050 });
    expect((await stage.deps.workflows.events('w')).length).toBeGreaterThan(3);
  });

  it('goes on where a function died between two steps', async () => {
    const stage = createWorkflowStage();
    const join = { kind: 'join' as const, name: 'j', output: 'item' };
    await stage.create('w', {
      name: 'x',
      nodes: [{ kind: 'map', name: 'each', items: '[1..50]', body: { nodes: [join] } }],
    });
    await resumeWorkflow(
      {
        ...stage.deps,
        workflows: {
          ...stage.deps.workflows,
          advance: async (advance) =>
            advance.head.seq > 2 ? Promise.reject(new Error('died')) : stage.deps.workflows.advance(advance),
        },
      },
      'w',
    ).catch(() => undefined);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'In Progress' });
    expect(await stage.deps.workflows.attention(10)).toHaveLength(1);
    await resumeWorkflow(stage.deps, 'w');
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Completed' });
  });
});

describe('a loop', () => {
  const loop = (more: object) => ({
    nodes: [
      {
        kind: 'loop' as const,
        name: 'try',
        body: { nodes: [task('step', [], { input: '{ "n": (last ? last : 0) + 1 }' })] },
        ...more,
      },
    ],
    output: 'outputs.try',
  });
  const count = (_: string, payload: unknown) => (payload as { n: number }).n;

  it('goes on until its condition holds, each round seeing the last', async () => {
    expect(await finish(await started(loop({ until: 'last >= 3' })), count)).toMatchObject({
      status: 'Completed',
      output: 3,
    });
  });

  it('goes on while its condition holds, perhaps not even once', async () => {
    expect(await finish(await started(loop({ while: 'index < 2' })), count)).toMatchObject({ output: 2 });
    const none = await started(loop({ while: 'false' }));
    expect(await viewWorkflow(none.deps, 'w')).toMatchObject({ status: 'Completed' });
  });

  it('fails at its limit', async () => {
    const stage = await started(loop({ until: 'false', max_rounds: 2 }));
    expect(await finish(stage, count)).toMatchObject({ status: 'Failed', nodes: { Completed: 2, Failed: 1 } });
  });
});

describe('a gather', () => {
  const gather = (need: 'all' | 'first' | number) => ({
    nodes: [
      {
        kind: 'gather' as const,
        name: 'ask',
        need,
        input: 'input.q',
        output: '$sum($each(results, function($v) { $v }))',
        body: { nodes: ['a', 'b', 'c'].map((name) => task(name, [], { input: 'input' })) },
      },
    ],
    output: 'outputs.ask',
  });

  it('ends with the first answer and stops the others', async () => {
    const stage = await started(gather('first'), { q: 'why' });
    expect((await stage.rowOf('w', 'ask:0:a')).payload.text).toBe('"why"');
    await stage.run('w', 'ask:0:b', { output: 7 });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({
      status: 'Completed',
      output: 7,
      nodes: { Cancelled: 2 },
    });
    expect((await stage.rowOf('w', 'ask:0:a')).status).toBe('Cancelled');
  });

  it('hands out nothing that it needs no more when it begins', async () => {
    const now = { name: 'now', kind: 'wait' as const, for_ms: 0 };
    const race = { name: 'race', kind: 'gather' as const, need: 'first' as const, body: { nodes: [task('t'), now] } };
    const stage = await started({ nodes: [race, task('next', ['race'])] });
    expect(await queued(stage)).toEqual(['next']);
    expect(await stage.deps.tasks.get(['w:race:0:t'])).toEqual([undefined]);
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it('ends with enough answers, and fails when they cannot be had any more', async () => {
    const enough = await started(gather(2));
    await enough.run('w', 'ask:0:a', { output: 1 });
    await enough.run('w', 'ask:0:b', broken);
    await enough.run('w', 'ask:0:c', { output: 2 });
    expect(await viewWorkflow(enough.deps, 'w')).toMatchObject({ status: 'Completed', output: 3 });
    const lost = await started(gather('all'));
    await lost.run('w', 'ask:0:a', broken);
    expect(await viewWorkflow(lost.deps, 'w')).toMatchObject({ status: 'Failed' });
  });
});

describe('nodes inside nodes', () => {
  it('may come from a body by name, as deep as the limit', async () => {
    const bodies = {
      deep: {
        nodes: [
          { kind: 'choice' as const, name: 'go', branches: [{ when: '1 = 1', then: ['in'] }] },
          { kind: 'subworkflow' as const, name: 'in', depends_on: ['go'], body: 'deep', output: 'results' },
        ],
      },
      leaf: { nodes: [task('t', [], { input: 'input' })], output: 'outputs.t & "!"' },
    };
    const stage = await started({
      bodies,
      nodes: [{ kind: 'subworkflow', name: 's', input: '"hi"', body: 'leaf' }],
      output: 'outputs.s',
    });
    expect(await finish(stage, (_, payload) => payload)).toMatchObject({ output: 'hi!' });
    const endless = await started({ bodies, nodes: [{ kind: 'subworkflow', name: 's', body: 'deep' }] });
    expect(await viewWorkflow(endless.deps, 'w')).toMatchObject({ status: 'Failed' });
    const errors = (await listRunTasks(endless.deps, 'w'))!.map(({ error }) => error?.code);
    expect(errors.at(-1)).toBe('too-large');
  });

  it('are replaced as a whole by a fallback of the node around them', async () => {
    const stage = await started({
      nodes: [
        {
          kind: 'map',
          name: 'each',
          items: '[1, 2]',
          body: { nodes: [task('one')] },
          on_error: { fallback: { nodes: [task('rest')] } },
        },
      ],
    });
    await stage.run('w', 'each:0:one', broken);
    expect(await queued(stage)).toEqual(['each:fallback:rest']);
    expect((await stage.rowOf('w', 'each:1:one')).status).toBe('Cancelled');
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });
});

describe('a task that expands', () => {
  const definition = {
    nodes: [task('think', [], { expands: true }), task('end', ['think'], { input: 'outputs.think' })],
    output: 'outputs.end',
  };

  it('runs the nodes that it returns before what depends on it, and gives their output', async () => {
    const plan = { nodes: [task('x'), task('y', ['x'])], output: 'outputs.y' };
    const stage = await started(definition);
    const view = await finish(stage, (path, payload) =>
      path === 'think' ? { plan } : path === 'end' ? payload : path,
    );
    expect(view).toMatchObject({ status: 'Completed', output: 'think:plan:y' });
  });

  it('fails with all that is wrong with them, and adds none', async () => {
    const stage = await started(definition);
    await stage.run('w', 'think', {
      output: { plan: { nodes: [task('x', ['y']), task('y', ['x']), task('z', ['gone'])] } },
    });
    const [think] = (await listRunTasks(stage.deps, 'w'))!;
    expect(think).toMatchObject({ status: 'Completed' });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed', nodes: { Failed: 1, Skipped: 1 } });
    const failure = (await stage.deps.workflows.events('w'))
      .flatMap(({ events }) => events)
      .find(({ type }) => type === 'NodeFailed');
    expect(failure).toMatchObject({
      error: { code: 'invalid-plan', message: expect.stringMatching(/gone.*x → y → x/s) },
    });
  });

  it('just ends when it returns none', async () => {
    expect(await finish(await started(definition), () => 1)).toMatchObject({ status: 'Completed', output: 1 });
  });
});
