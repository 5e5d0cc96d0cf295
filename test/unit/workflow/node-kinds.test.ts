import { describe, expect, it } from '@jest/globals';
import { listRunTasks } from '../../../src/workflow/usecases/view/list-run-tasks.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { broken, finish, queued, started, task } from '../../support/workflow-runner.ts';

describe('a choice', () => {
  const choice = (more: object = {}) => ({
    nodes: [
      {
        kind: 'choice' as const,
        name: 'size',
        branches: [
          { when: 'input.n > 10', then: ['large'] },
          { when: 'input.n > 5', then: ['medium'] },
        ],
        default: ['small'],
        ...more,
      },
      task('large', ['size']),
      task('medium', ['size']),
      task('small', ['size']),
      task('after', ['large', 'medium', 'small'], { trigger_rule: 'none_failed' }),
      task('strict', ['large']),
    ],
    output: 'outputs.after',
  });

  it('goes one way, and what joins the branches goes on', async () => {
    const stage = await started(choice(), { n: 7 });
    expect(await queued(stage)).toEqual(['medium']);
    const view = await finish(stage, (path) => path);
    expect(view).toMatchObject({ status: 'Completed', output: 'after', nodes: { Completed: 3, Skipped: 3 } });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([
      { name: 'size', kind: 'choice', status: 'Completed' },
      { status: 'Skipped', reasons: ['the choice "size" went another way'] },
      { status: 'Completed' },
      { status: 'Skipped' },
      { status: 'Completed' },
      { status: 'Skipped', reasons: ['no branch that leads here was taken'] },
    ]);
  });

  it('goes all ways that hold when it takes all', async () => {
    expect(await queued(await started(choice({ take: 'all' }), { n: 11 }))).toEqual(['large', 'medium']);
  });

  it('takes its default when nothing holds, and fails without one', async () => {
    expect(await queued(await started(choice(), { n: 1 }))).toEqual(['small']);
    const stage = await started(choice({ default: undefined }), { n: 1 });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed' });
    expect(await listRunTasks(stage.deps, 'w')).toMatchObject([
      { status: 'Failed', error: { code: 'no-branch' } },
      {},
      {},
      {},
      {},
      {},
    ]);
  });
});

describe('a trigger rule', () => {
  it('starts a node as soon as enough of its dependencies completed, once', async () => {
    const stage = await started({
      nodes: [
        task('a'),
        task('b'),
        task('c'),
        task('first', ['a', 'b', 'c'], { trigger_rule: 'one_success' }),
        task('two', ['a', 'b', 'c'], { trigger_rule: { at_least: 2 } }),
      ],
    });
    await stage.run('w', 'a', broken);
    expect(await queued(stage)).toEqual(['b', 'c']);
    await stage.run('w', 'b');
    expect(await queued(stage)).toEqual(['c', 'first']);
    await stage.run('w', 'first');
    await stage.run('w', 'c');
    expect(await queued(stage)).toEqual(['two']);
    expect(await finish(stage)).toMatchObject({ status: 'Partially Complete' });
  });

  it('joins outputs without a task', async () => {
    const stage = await started({
      nodes: [
        task('a'),
        task('b'),
        { kind: 'join', name: 'sum', depends_on: ['a', 'b'], output: 'outputs.a + outputs.b' },
      ],
      output: 'outputs.sum * 2',
    });
    expect(await finish(stage, (path) => (path === 'a' ? 1 : 2))).toMatchObject({ status: 'Completed', output: 6 });
  });
});

describe('a failure', () => {
  it('that is ignored counts as done', async () => {
    const stage = await started({ nodes: [task('a', [], { on_error: 'ignore' }), task('b', ['a'])] });
    const view = await finish(stage, (path) => {
      if (path === 'a') throw new Error();
      return null;
    });
    expect(view).toMatchObject({ status: 'Completed', nodes: { Failed: 1, Completed: 1 } });
  });

  it('is replaced by its fallback, which sees the error and gives the output', async () => {
    const stage = await started({
      nodes: [
        task('a', [], { on_error: { fallback: { nodes: [task('plan-b', [], { input: 'error.code' })] } } }),
        task('b', ['a'], { input: 'outputs.a' }),
      ],
      output: 'outputs.b',
    });
    const view = await finish(stage, (path, payload) => {
      if (path === 'a') throw new Error();
      return payload;
    });
    expect(view).toMatchObject({ status: 'Completed', output: 'broken', nodes: { Completed: 3 } });
    expect((await stage.rowOf('w', 'a:fallback:plan-b')).payload.text).toBe('"broken"');
  });

  it('of the fallback is the failure of the node', async () => {
    const stage = await started({
      nodes: [task('a', [], { on_error: { fallback: { nodes: [task('plan-b')] } } }), task('b', ['a'])],
    });
    const view = await finish(stage, () => {
      throw new Error();
    });
    expect(view).toMatchObject({ status: 'Failed', nodes: { Failed: 2, Skipped: 1 } });
  });
});
