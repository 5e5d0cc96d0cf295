import { describe, expect, it } from '@jest/globals';
import type { Handler } from '../../../src/sdk/agent/handler.ts';
import { agentStage, assign, preempt, sleeper, startAgent } from '../../support/agent-stage.ts';

describe('an attempt that has to make way', () => {
  it('may save a checkpoint, and is handed back with it whatever its handler returns', async () => {
    const stage = agentStage();
    const handler: Handler = async (_task, { signal, checkpoint }) => {
      await checkpoint({ page: 1 });
      await stage.deps.clock.sleep(60_000, signal);
      await checkpoint({ page: 2 });
      return 'half';
    };
    await startAgent(handler, 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(1_000);
    stage.deliver(preempt('t1'));
    await stage.pass(100);
    expect(stage.results()).toMatchObject([
      { task_id: 't1', attempt: 1, outcome: 'released', preempted: true, output: { page: 2 } },
    ]);
  });

  it('is handed back with what it had saved when its handler does not end in time, and frees its slot only then', async () => {
    const stage = agentStage();
    const handler: Handler = async ({ task_id }, { checkpoint }) => {
      await checkpoint('half');
      if (task_id === 't1') await stage.deps.clock.sleep(20_000);
    };
    await startAgent(handler, 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(1_000);
    stage.deliver(preempt('t1'), assign('t2'));
    await stage.pass(4_900);
    expect(stage.results()).toEqual([]);
    await stage.pass(200);
    expect(stage.results()).toMatchObject([{ task_id: 't1', outcome: 'released', output: 'half' }]);
    await stage.pass(20_000);
    expect(stage.results()).toMatchObject([{ task_id: 't1' }, { task_id: 't2', outcome: 'completed' }]);
  });

  it('is handed back at once when it has not begun', async () => {
    const stage = agentStage();
    await startAgent(sleeper(60_000, stage), 1, stage);
    stage.deliver(assign('t1'), assign('t2'));
    await stage.pass(2_000);
    stage.deliver(preempt('t2'));
    await stage.pass(2_000);
    expect(stage.results()).toMatchObject([{ task_id: 't2', outcome: 'released', preempted: true }]);
  });

  it('gives the next attempt what was saved, from S3 when it is large', async () => {
    const seen: unknown[] = [];
    const stage = agentStage();
    const handler: Handler = async (task, { signal, checkpoint }) => {
      seen.push(task.checkpoint);
      await checkpoint('x'.repeat(100_000));
      await stage.deps.clock.sleep(60_000, signal);
    };
    await startAgent(handler, 1, stage);
    stage.deliver(assign('t1', { checkpoint: { page: 7 } }));
    await stage.pass(1_000);
    stage.deliver(preempt('t1'));
    await stage.pass(1_000);
    const checkpoint_ref = stage.results()[0]?.output_ref;
    expect(checkpoint_ref?.bytes).toBe(100_002);
    stage.deliver(assign('t1', { attempt: 2, checkpoint_ref: checkpoint_ref! }));
    await stage.pass(1_000);
    expect(seen).toEqual([{ page: 7 }, 'x'.repeat(100_000)]);
  });

  it('hands its checkpoint on when the agent stops, too', async () => {
    const stage = agentStage();
    const handler: Handler = async (_task, { checkpoint }) => {
      await checkpoint('half');
      await stage.deps.clock.sleep(60_000);
    };
    const { agent } = await startAgent(handler, 1, stage);
    stage.deliver(assign('t1'));
    await stage.pass(1_000);
    void agent.stop({ graceMs: 0 });
    await stage.pass(1_000);
    expect(stage.results()).toMatchObject([{ outcome: 'released', output: 'half' }]);
  });
});
