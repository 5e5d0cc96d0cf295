import { describe, expect, it } from '@jest/globals';
import { preemptAfterMs } from '../../../../src/contracts/limits.ts';
import type { TaskResult } from '../../../../src/contracts/messages.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { distributorStage, task } from '../stage.ts';

/** An agent of one slot works on a low task, and a critical one has waited long enough. */
async function crowdedStage() {
  const stage = distributorStage();
  await stage.join('a1', { capacity: 1 });
  await stage.accept(task({ task_id: 'low', priority: 'low' }));
  await stage.dispatch('*');
  await stage.accept(task({ task_id: 'critical', priority: 'critical' }));
  await stage.dispatch('*');
  stage.clock.now += preemptAfterMs;
  await stage.beat('a1', 'low#1');
  stage.forget();
  const report = (result: Partial<TaskResult>) =>
    applyResults(stage.deps, [
      {
        pool: 'default',
        agent_id: 'a1',
        principal: 'principal-a1',
        results: [{ task_id: 'low', attempt: 1, outcome: 'released', ...result }],
      },
    ]);
  return { ...stage, report };
}

describe('preemption', () => {
  it('begins with the pulse, which sees that a critical task waits for full agents', async () => {
    const stage = await crowdedStage();
    await runPulse(stage.deps, { pool: 'default' });
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['*'] });
  });

  it('asks the agent once, and notes it on the hold', async () => {
    const stage = await crowdedStage();
    await stage.dispatch('*');
    await stage.dispatch('*');
    expect(stage.told.sent.map(({ message }) => message)).toEqual([
      { kind: 'preempt', task_id: 'low', attempt: 1, reason: 'critical task critical waits for a slot' },
    ]);
    expect((await stage.agent('a1')).holds['low#1']).toMatchObject({ preempted_at: stage.clock.now });
  });

  it('brings the critical task to the slot, and the other back to its place: uncounted, with its checkpoint', async () => {
    const stage = await crowdedStage();
    const [place] = [(await stage.row('low')).created_at];
    await stage.dispatch('*');
    expect(await stage.report({ preempted: true, output: { page: 7 } })).toEqual(['applied']);
    await stage.dispatch('*');
    expect(await stage.row('critical')).toMatchObject({ status: 'Processing', assigned_agent: 'a1' });
    expect(await stage.row('low')).toMatchObject({
      status: 'Queued',
      attempt: 1,
      retry_count: 0,
      created_at: place,
      checkpoint: { text: '{"page":7}' },
      resume: { agent_id: 'a1' },
    });
  });

  it('gives the checkpoint to the next attempt, which need not make way again for a minute', async () => {
    const stage = await crowdedStage();
    await stage.dispatch('*');
    await stage.report({ preempted: true, output: { page: 7 } });
    await stage.join('a2', { capacity: 2 });
    stage.forget();
    await stage.dispatch('*');
    const low = stage.told.leases().find(({ task_id }) => task_id === 'low');
    expect(low).toMatchObject({ kind: 'assign', attempt: 2, payload: { n: 1 }, checkpoint: { page: 7 } });
    const held = Object.assign({}, (await stage.agent('a1')).holds, (await stage.agent('a2')).holds);
    expect(held['low#2']).toMatchObject({ spared_until: stage.clock.now + 60_000 });
  });

  it('changes nothing about a hand-back without a checkpoint', async () => {
    const stage = await crowdedStage();
    await stage.report({});
    expect(await stage.row('low')).not.toHaveProperty('resume');
  });
});
