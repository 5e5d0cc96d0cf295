import { describe, expect, it } from '@jest/globals';
import type { CadreError } from '../../../src/contracts/errors.ts';
import { cancelWorkflow } from '../../../src/workflow/usecases/steer/cancel-workflow.ts';
import { replayWorkflow } from '../../../src/workflow/usecases/view/inspect-workflow.ts';
import { redriveWorkflow } from '../../../src/workflow/usecases/steer/steer-workflow.ts';
import { readSubmission } from '../../../src/workflow/usecases/submit/submit-workflow.ts';
import { viewWorkflow } from '../../../src/workflow/usecases/view/view-workflow.ts';
import { wakeNodes } from '../../../src/workflow/usecases/advance/wake-nodes.ts';
import { broken, finish, queued, started, task } from '../../support/workflow-runner.ts';

const who = { workflow_id: 'w', principal: 'alice' };
const twice = { retry: { max_attempts: 2 } };
const sub = (more: object = twice) => ({
  nodes: [{ kind: 'subworkflow' as const, name: 'sub', body: { nodes: [task('a'), task('b', ['a'])] }, ...more }],
});

describe('a node around others with a retry', () => {
  it('runs all of its body anew, and fails when no try is left', async () => {
    const stage = await started(sub());
    await stage.run('w', 'sub:0:a');
    await stage.run('w', 'sub:0:b', broken);
    expect(await queued(stage)).toEqual(['sub:0-2:a']);
    expect(await replayWorkflow(stage.deps, 'w')).toMatchObject({ matches: true });
    await stage.run('w', 'sub:0-2:a', broken);
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed' });
    await redriveWorkflow(stage.deps, who);
    expect(await queued(stage)).toEqual(['sub:0-2:a']);
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it('waits before the next try, without polling, and is stopped there by a cancellation', async () => {
    const retry = { max_attempts: 2, backoff_ms: 60_000, jitter: false };
    for (const cancelled of [false, true]) {
      const stage = await started(sub({ retry }));
      await stage.run('w', 'sub:0:a', broken);
      expect(await queued(stage)).toEqual([]);
      const due = new Date(stage.clock.now() + 60_000).toISOString();
      expect(await stage.timers.due('default', '9999-12-31T00:00:00.000Z', 10)).toEqual([
        { kind: 'node', id: 'w:sub', due },
      ]);
      if (cancelled) await cancelWorkflow(stage.deps, { ...who, reason: 'enough' });
      await stage.clock.advance(60_000);
      await wakeNodes(stage.deps, ['w:sub']);
      expect(await queued(stage)).toEqual(cancelled ? [] : ['sub:0-2:a']);
      if (!cancelled) expect(await finish(stage)).toMatchObject({ status: 'Completed' });
    }
  });

  it('waits its pause out, although the timer of the time that ran out fires once more', async () => {
    const retry = { max_attempts: 2, backoff_ms: 30_000, jitter: false };
    const stage = await started(sub({ retry, timeout_ms: 60_000 }));
    await stage.clock.advance(60_000);
    for (const ms of [0, 29_999]) {
      await stage.clock.advance(ms);
      await wakeNodes(stage.deps, ['w:sub']);
      await wakeNodes(stage.deps, ['w:sub']);
      expect(await queued(stage)).toEqual([]);
    }
    expect(await stage.timers.due('default', '9999-12-31T00:00:00.000Z', 10)).toHaveLength(1);
    await stage.clock.advance(1);
    await wakeNodes(stage.deps, ['w:sub']);
    expect(await queued(stage)).toEqual(['sub:0-2:a']);
  });

  it('does not try again what its codes exclude, those of the node inside too, nor what its definition makes fail', async () => {
    const excluded = await started(sub({ retry: { max_attempts: 3, non_retryable: ['broken'] } }));
    await excluded.run('w', 'sub:0:a', broken);
    expect(await viewWorkflow(excluded.deps, 'w')).toMatchObject({ status: 'Failed' });
    const wrong = await started(sub({ ...twice, input: '$error("no")' }));
    expect(await viewWorkflow(wrong.deps, 'w')).toMatchObject({ status: 'Failed' });
  });

  it('may use up all of its tries within one step', async () => {
    const body = { nodes: [task('a', [], { input: '$error("no")' })] };
    const retry = { max_attempts: 3, backoff_ms: 0 };
    const stage = await started({ nodes: [{ kind: 'subworkflow', name: 'sub', retry, timeout_ms: 60_000, body }] });
    expect(await viewWorkflow(stage.deps, 'w')).toMatchObject({ status: 'Failed' });
  });

  it('gives each try its own time, and the items and rounds their own numbers', async () => {
    const each = { kind: 'map' as const, name: 'each', items: '["x", "y"]', timeout_ms: 60_000, ...twice };
    const stage = await started({ nodes: [{ ...each, body: { nodes: [task('t', [], { input: 'item' })] } }] });
    await stage.run('w', 'each:0:t');
    await stage.clock.advance(60_000);
    await wakeNodes(stage.deps, ['w:each']);
    expect(await queued(stage)).toEqual(['each:0-2:t', 'each:1-2:t']);
    expect((await stage.rowOf('w', 'each:1-2:t')).payload.text).toBe('"y"');
    await wakeNodes(stage.deps, ['w:each']);
    expect(await finish(stage, (path, payload) => [path, payload])).toMatchObject({ status: 'Completed' });
  });

  it('goes on to its fallback when no try is left', async () => {
    const stage = await started(sub({ ...twice, on_error: { fallback: { nodes: [task('instead')] } } }));
    await stage.run('w', 'sub:0:a', broken);
    await stage.run('w', 'sub:0-2:a', broken);
    expect(await queued(stage)).toEqual(['sub:fallback:instead']);
  });
});

describe('a transaction with a retry', () => {
  const pay = { kind: 'transaction' as const, name: 'pay', participants: [{ name: 'bank', task_type: 't' }], ...twice };

  it('prepares anew after it was aborted, under paths of its own', async () => {
    const stage = await started({ nodes: [{ ...pay, input: '7' }] });
    await stage.run('w', 'pay:prepare:bank', { output: { vote: 'no' } });
    await stage.run('w', 'pay:abort:bank');
    expect(await queued(stage)).toEqual(['pay:prepare-2:bank']);
    await stage.run('w', 'pay:prepare-2:bank');
    expect((await stage.rowOf('w', 'pay:commit-2:bank')).payload.text).toContain('"input":7');
    expect(await finish(stage)).toMatchObject({ status: 'Completed' });
  });

  it('never goes back on a commit', async () => {
    const stage = await started({ nodes: [{ ...pay, commit_timeout_ms: 1_000 }] });
    await stage.run('w', 'pay:prepare:bank');
    await stage.clock.advance(1_000);
    await wakeNodes(stage.deps, ['w:pay']);
    expect(await queued(stage)).toEqual(['pay:commit:bank']);
    expect(await finish(stage)).toMatchObject({ status: 'Failed' });
  });
});

describe('a key that makes no sense at a node', () => {
  it('is refused with its path and what to say instead', () => {
    const nodes = [
      { kind: 'join', name: 'j', retry: { max_attempts: 2 } },
      { kind: 'event', name: 'e', events: [{ name: 'go' }], timeout_ms: 5 },
      { kind: 'subworkflow', name: 's', body: { nodes: [task('in')] }, priority: 'high' },
    ];
    let refusal: unknown;
    try {
      readSubmission({ workflow_id: 'w', definition: { name: 'x', nodes } });
    } catch (error) {
      refusal = error;
    }
    expect((refusal as CadreError).faults).toMatchObject([
      { code: 'invalid-input', path: 'definition.nodes[0].retry', fix: expect.stringContaining('subworkflow') },
      { code: 'invalid-input', path: 'definition.nodes[1].timeout_ms', fix: expect.stringContaining('timer') },
      { code: 'invalid-input', path: 'definition.nodes[2].priority', fix: expect.stringContaining('inside') },
    ]);
  });
});
