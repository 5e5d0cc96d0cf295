import { describe, expect, it } from '@jest/globals';
import type { TaskResult } from '../../../../src/contracts/messages.ts';
import type { SentResult } from '../../../../src/distributor/core/tasks/fate.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { iso, startMs } from '../rows.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;

/** One agent with one slot that works on t1, while t2 waits for it. */
async function working(): Promise<Stage> {
  const stage = distributorStage();
  await stage.join('a1');
  await stage.accept(task(), task({ task_id: 't2' }));
  await stage.dispatch('*');
  stage.forget();
  stage.clock.now += 1_000;
  return stage;
}

const report = (stage: Stage, result: Partial<TaskResult> = {}, from: { agent_id?: string; principal?: string } = {}) =>
  applyResults(stage.deps, [
    {
      pool: 'default',
      agent_id: 'a1',
      principal: 'principal-a1',
      results: [{ task_id: 't1', attempt: 1, outcome: 'completed', ...result }],
      ...from,
    },
  ]);

const failure = { outcome: 'failed' as const, error: { code: 'boom', message: 'it broke', retryable: true } };

describe('a result that counts', () => {
  it('completes the task, frees the slot, tells the waiting route, and counts as a heartbeat', async () => {
    const stage = await working();
    expect(await report(stage, { output: { answer: 42 } })).toEqual(['applied']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Completed', output: { text: '{"answer":42}' } });
    expect(await stage.agent('a1')).toMatchObject({ holds: {}, completed: 1, last_heartbeat: iso(stage.clock.now) });
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    expect(stage.told.events).toMatchObject([
      { type: 'TaskCompleted', data: { task_id: 't1', agent_id: 'a1', attempt: 1 } },
    ]);
  });

  it('settles the task before it frees the slot', async () => {
    const stage = await working();
    const order: string[] = [];
    stage.cloud.dynamodb.onCommit(({ changes }) => order.push(String(changes[0]?.after?.['sk'])));
    await report(stage);
    expect(order).toEqual(['TASK', 'AGENT#a1']);
  });

  it('puts a failed task back for later, with a tick for its time', async () => {
    const stage = await working();
    expect(await report(stage, failure)).toEqual(['applied']);
    expect(await stage.row('t1')).toMatchObject({
      status: 'Queued',
      retry_count: 1,
      not_before: iso(stage.clock.now + 500),
    });
    expect(await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 9)).toMatchObject([{ task_id: 't2' }]);
    expect(stage.told.ticks).toEqual([[1]]);
    expect(await stage.agent('a1')).toMatchObject({ holds: {}, failed: 1 });
  });

  it('hands a released task back at once and uncounted, and hints its route', async () => {
    const stage = await working();
    await report(stage, { outcome: 'released' });
    expect(await stage.row('t1')).toMatchObject({ status: 'Queued', attempt: 1, retry_count: 0 });
    expect(await stage.deps.tasks.ready({ pool: 'default', route: '*' }, 9)).toHaveLength(2);
    expect(await stage.agent('a1')).toMatchObject({ completed: 0, failed: 0 });
  });

  it('fails the task for good when the error says so, and announces that', async () => {
    const stage = await working();
    await report(stage, { outcome: 'failed', error: { ...failure.error, retryable: false } });
    expect(await stage.row('t1')).toMatchObject({ status: 'Failed', error: { code: 'boom' } });
    expect(stage.told.events).toMatchObject([{ type: 'TaskFailed', data: { code: 'boom', message: 'it broke' } }]);
    expect((await stage.deps.deadLetters.list('default', 9)).items).toMatchObject([{ kind: 'task', id: 't1' }]);
  });

  it('stores an output that is too large for a row, although the agent should have', async () => {
    const stage = await working();
    expect(await report(stage, { output: 'é'.repeat(300_000) })).toEqual(['applied']);
    const { output } = await stage.row('t1');
    expect(output?.ref?.bytes).toBe(600_002);
    expect(JSON.parse(await stage.deps.blobs.get(output!.ref!.key))).toHaveLength(300_000);
  });
});

describe('a repeated result', () => {
  it.each([{}, failure, { outcome: 'released' as const }])('changes nothing (%#)', async (result) => {
    const stage = await working();
    await report(stage, result);
    const before = await stage.row('t1');
    const agent = await stage.agent('a1');
    stage.clock.now += 5_000;
    expect(await report(stage, result)).toEqual(['repeated']);
    expect(await stage.row('t1')).toEqual(before);
    expect(await stage.agent('a1')).toEqual(agent);
  });

  it('repeats the hint, which may have been lost with the first answer', async () => {
    const stage = await working();
    await report(stage);
    stage.forget();
    await report(stage);
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['*'] }]);
    expect(stage.told.events).toEqual([]);
  });

  it('in one batch counts once', async () => {
    const stage = await working();
    const result = { task_id: 't1', attempt: 1, outcome: 'completed' as const };
    const from = { pool: 'default', agent_id: 'a1', principal: 'principal-a1', results: [result] };
    expect(await applyResults(stage.deps, [from, from])).toEqual(['applied', 'repeated']);
    expect(await stage.agent('a1')).toMatchObject({ completed: 1 });
  });
});

describe('a result that does not count', () => {
  it.each([
    ['of an attempt that never was', { attempt: 2 }, {}],
    ['of another agent', {}, { agent_id: 'a2', principal: 'principal-a2' }],
    ['of a forger who names the right agent', {}, { principal: 'forger' }],
    ['of a forger who hands the task back', { outcome: 'released' as const }, { principal: 'forger' }],
    ['of a forger who lets the task fail', failure, { principal: 'forger' }],
  ])('%s is late: it is counted on the task and frees nothing', async (_whose, result, from) => {
    const stage = await working();
    await stage.join('a2');
    const before = await stage.agent('a1');
    expect(await report(stage, result, from)).toEqual(['late']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 1, late_results: 1 });
    expect(await stage.agent('a1')).toEqual(before);
  });

  it('of a cancelled task is late', async () => {
    const stage = await working();
    const { cancelTask } = await import('../../../../src/distributor/usecases/tasks/cancel-task.ts');
    await cancelTask(stage.deps, { task_id: 't1', principal: 'user', reason: 'no' });
    expect(await report(stage)).toEqual(['late']);
    expect(await stage.row('t1')).toMatchObject({ status: 'Cancelled', late_results: 1 });
  });

  it('of an unknown task makes no row', async () => {
    const stage = await working();
    expect(await report(stage, { task_id: 'ghost' })).toEqual(['late']);
    expect(await report(stage, { task_id: 'ghost', ...failure })).toEqual(['late']);
    expect(await stage.row('ghost')).toBeUndefined();
  });

  it('but repeats an old one in the name of an agent does not keep that agent alive', async () => {
    const stage = await working();
    await report(stage, { outcome: 'released' });
    const before = await stage.agent('a1');
    stage.clock.now += 60_000;
    await report(stage, { outcome: 'released' }, { principal: 'forger' });
    const { last_heartbeat, lease_until } = await stage.agent('a1');
    expect({ last_heartbeat, lease_until }).toEqual({
      last_heartbeat: before.last_heartbeat,
      lease_until: before.lease_until,
    });
  });

  it('after its lease was lost leaves the newer attempt alone', async () => {
    const stage = await working();
    await report(stage, { outcome: 'released' });
    await stage.dispatch('*');
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 2 });
    expect(await report(stage)).toEqual(['late']);
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['t1#2']);
  });
});

describe('results of workflows', () => {
  it('go to their workflow together, and their slots are freed by what it says', async () => {
    const settled: { workflow_id: string; results: readonly SentResult[] }[] = [];
    const stage = distributorStage({
      settle: async (workflow_id, results) => {
        settled.push({ workflow_id, results });
        return { outcomes: ['applied', 'late'], hints: [{ pool: 'default', routes: ['next'] }], announcements: [] };
      },
    });
    await stage.join('a1', { capacity: 2 });
    await stage.deps.agents.reserve(
      'default',
      'a1',
      { 'w:a#1': { at: startMs, until: 1 }, 'w:b#1': { at: 1, until: 1 } },
      0,
    );
    stage.forget();
    const results = ['w:a', 'w:b'].map((task_id) => ({ task_id, attempt: 1, outcome: 'completed' as const }));
    const fates = await applyResults(stage.deps, [
      { pool: 'default', agent_id: 'a1', principal: 'principal-a1', results },
    ]);
    expect(fates).toEqual(['applied', 'late']);
    expect(settled).toMatchObject([{ workflow_id: 'w', results: [{ agent_id: 'a1', principal: 'principal-a1' }, {}] }]);
    expect(Object.keys((await stage.agent('a1')).holds)).toEqual(['w:b#1']);
    expect(stage.told.hints).toEqual([{ pool: 'default', routes: ['next'] }]);
  });
});
