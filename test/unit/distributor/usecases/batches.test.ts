import { describe, expect, it } from '@jest/globals';
import { agentRegistration, type BatchTraits } from '../../../../src/contracts/distributor/agent.ts';
import type { Task } from '../../../../src/contracts/distributor/task.ts';
import { isCanaryTask } from '../../../../src/distributor/core/policy/canary.ts';
import { putPolicy } from '../../../../src/distributor/usecases/policies/change-policy.ts';
import { applyResults } from '../../../../src/distributor/usecases/tasks/apply-results.ts';
import { dispatchTasks } from '../../../../src/distributor/usecases/dispatch/dispatch-tasks.ts';
import { explainTask } from '../../../../src/distributor/usecases/tasks/explain-task.ts';
import { runPulse } from '../../../../src/distributor/usecases/pulse/run-pulse.ts';
import { distributorStage, task } from '../stage.ts';

type Stage = ReturnType<typeof distributorStage>;
const many = (count: number, over: Partial<Task> = {}, prefix = 't'): Task[] =>
  Array.from({ length: count }, (_, at) => task({ task_id: `${prefix}${at}`, ...over }));

async function stageWith(batch: BatchTraits, capacity = 1): Promise<Stage> {
  const stage = distributorStage();
  await stage.join('a1', { capacity, batch });
  return stage;
}

const put = { pool: 'default', expected_version: 0, principal: 'op' };

/** The tasks of each message that was sent. */
const sent = (stage: Stage) =>
  stage.told.sent.map(({ message }) =>
    message.kind === 'batch' ? message.tasks.map(({ task_id }) => task_id) : message.kind,
  );

async function end(stage: Stage, outcome: 'completed' | 'failed', ...ids: string[]): Promise<void> {
  const results = ids.map((task_id) => ({ task_id, attempt: 1, outcome }));
  await applyResults(stage.deps, [{ pool: 'default', agent_id: 'a1', principal: 'principal-a1', results }]);
}

describe('an agent that takes batches', () => {
  it('gets small tasks in one message and one slot, each with its own hold, fence and reason', async () => {
    const stage = await stageWith({ tasks_max: 3 });
    await stage.accept(...many(5));
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['t0', 't1', 't2']]);
    const { holds } = await stage.agent('a1');
    expect(Object.keys(holds).sort()).toEqual(['t0#1', 't1#1', 't2#1']);
    expect(Object.values(holds).map(({ batch }) => batch)).toEqual([1, 1, 1]);
    expect(await stage.row('t1')).toMatchObject({ status: 'Processing', attempt: 1, assigned_agent: 'a1' });
    expect((await stage.row('t1')).distribution?.reasons).toContain('in the batch of t0');
    expect(await stage.row('t3')).toMatchObject({ status: 'Queued', attempt: 0 });
  });

  it('gets the next batch when the last task of one has ended, and each task is tried again by itself', async () => {
    const stage = await stageWith({ tasks_max: 2 });
    await stage.accept(...many(4));
    await stage.dispatch('*');
    stage.forget();
    await end(stage, 'failed', 't0');
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([]);
    await end(stage, 'completed', 't1');
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['t2', 't3']]);
    expect(Object.values((await stage.agent('a1')).holds).map(({ batch }) => batch)).toEqual([2, 2]);
    expect(await stage.row('t0')).toMatchObject({ status: 'Queued', retry_count: 1 });
    expect(await stage.row('t1')).toMatchObject({ status: 'Completed' });
  });

  it('gets only tasks of one type, key and level together', async () => {
    const stage = await stageWith({ tasks_max: 10 }, 5);
    const key = (affinity_key: string) => ({ distribution_rules: { affinity_key } });
    await stage.accept(
      ...many(2, { task_type: 'embed' }, 'embed'),
      ...many(2, { task_type: 'score' }, 'score'),
      ...many(2, { task_type: 'embed', priority: 'high' }, 'high'),
      ...many(2, { task_type: 'embed', ...key('one') }, 'one'),
      ...many(1, { task_type: 'embed', ...key('two') }, 'two'),
    );
    await stage.dispatch('*');
    expect(sent(stage).sort()).toEqual([
      ['embed0', 'embed1'],
      ['high0', 'high1'],
      ['one0', 'one1'],
      ['score0', 'score1'],
      ['two0'],
    ]);
  });

  it('gets no tasks together that a strategy sends to agents of other regions', async () => {
    const stage = await stageWith({ tasks_max: 10 }, 5);
    const document = { strategies: { near: { use: 'geographic', region: 'us' } }, strategy: 'near' };
    await putPolicy(stage.deps, { ...put, document });
    const from = (region: string) => ({ distribution_rules: { region } });
    await stage.accept(...many(2, from('eu'), 'eu'), ...many(2, from('us'), 'us'), ...many(1, {}, 'any'));
    await stage.dispatch('*');
    expect(sent(stage).sort()).toEqual([
      ['any0', 'us0', 'us1'],
      ['eu0', 'eu1'],
    ]);
  });

  it('gets no tasks together for which two versions of a policy decide', async () => {
    const stage = await stageWith({ tasks_max: 10 }, 5);
    const by = (weight: number) => ({
      strategies: { mine: { use: 'weighted', weights: { a1: weight } } },
      strategy: 'mine',
    });
    await putPolicy(stage.deps, { ...put, document: by(1) });
    const canary = { share: 0.5, watch: 'success', margin: 0.1, samples: 50 } as const;
    await putPolicy(stage.deps, { ...put, expected_version: 1, document: by(2), canary });
    await stage.accept(...many(8));
    await stage.dispatch('*');
    const { policy } = await stage.deps.agents.pool('default');
    expect(sent(stage)).toHaveLength(2);
    for (const list of sent(stage)) {
      expect(new Set([list].flat().map((id) => isCanaryTask(policy!, id))).size).toBe(1);
    }
  });

  it('gets no more bytes than it takes; what is larger, or comes by reference, is a batch of its own', async () => {
    const stage = await stageWith({ tasks_max: 10, bytes_max: 3_000 }, 4);
    const text = (bytes: number) => ({ payload: 'x'.repeat(bytes - 2) });
    await stage.accept(
      ...many(4, text(1_000), 'mid'),
      ...many(1, text(4_000), 'much'),
      ...many(1, text(70_000), 'referred'),
    );
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['mid0', 'mid1', 'mid2'], ['mid3'], ['much0'], ['referred0']]);
    expect(stage.told.leases().find(({ task_id }) => task_id === 'mid1')).toMatchObject({ payload: 'x'.repeat(998) });
  });

  it('lets the first wait for company until there is enough, or it has waited long enough', async () => {
    const stage = await stageWith({ tasks_max: 3, wait_ms: 2_000 }, 2);
    await stage.accept(...many(2));
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([]);
    // Woken to the second.
    expect(stage.told.ticks).toContainEqual([2]);
    const waiting = (await explainTask(stage.deps, 't0'))?.queued?.waits_because;
    expect(waiting).toBe('waits for the company of a batch, until 2026-01-01T00:00:02.000Z at the latest');
    await stage.accept(task({ task_id: 't2' }));
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['t0', 't1', 't2']]);
    stage.forget();
    await stage.accept(task({ task_id: 't3' }));
    stage.clock.now += 2_000;
    await stage.beat('a1', 't0#1', 't1#1', 't2#1');
    await runPulse(stage.deps, { pool: 'default' });
    expect(stage.told.hints).toContainEqual({ pool: 'default', routes: ['*'] });
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['t3']]);
  });

  it('lets nobody wait for company longer than half of the time to its deadline', async () => {
    const stage = await stageWith({ tasks_max: 3, wait_ms: 30_000 }, 2);
    await stage.accept(task({ task_id: 'soon', deadline: '2026-01-01T00:00:10.000Z' }), task({ task_id: 'later' }));
    stage.clock.now += 4_999;
    await stage.beat('a1');
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([]);
    stage.clock.now += 1;
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['soon', 'later']]);
  });

  it('waits for company to the whole millisecond, so that no tick comes before its time is over', async () => {
    const stage = await stageWith({ tasks_max: 3, wait_ms: 30_000 });
    await stage.accept(task({ task_id: 'soon', deadline: '2026-01-01T00:00:09.999Z' }));
    stage.clock.now += 4_998;
    await stage.beat('a1');
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([]);
    expect(stage.told.ticks).toContainEqual([1]);
    stage.clock.now += 1;
    await stage.dispatch('*');
    expect(sent(stage)).toEqual([['soon']]);
    expect(stage.told.ticks).not.toContainEqual([0]);
  });

  it('leaves what its limits hold back out of the batch', async () => {
    const stage = await stageWith({ tasks_max: 5 });
    await stage.accept(...many(3, { distribution_rules: { concurrency: { key: 'k', limit: 2 } } }));
    const [route = ''] = (await stage.deps.agents.pool('default')).routes.map((each) => each.route);
    await stage.dispatch(route);
    expect(sent(stage)).toEqual([['t0', 't1']]);
  });

  it('keeps its slots when two rounds have read it at once', async () => {
    const stage = await stageWith({ tasks_max: 2 });
    await stage.accept(...many(4));
    const { agents } = stage.deps;
    const read = await agents.pool('default');
    await stage.dispatch('*');
    const late = { ...stage.deps, agents: { ...agents, pool: async () => read } };
    await dispatchTasks(late, { pool: 'default', routes: ['*'] });
    expect(sent(stage)).toEqual([['t0', 't1']]);
    expect(Object.keys((await stage.agent('a1')).holds)).toHaveLength(2);
  });

  it('is refused whose batches together have more tasks than an agent may hold', async () => {
    const parsed = agentRegistration.safeParse({
      ...{ agent_id: 'a', type: 't', capabilities: [], capacity: 5 },
      batch: { tasks_max: 41, wait_ms: 1 },
    });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual(['batch.wait_ms', 'batch.tasks_max']);
  });
});
